"""The SDK's FastAPI adapter, as its documentation shows it."""

import fastapi
import inngest.fast_api
from plain_functions import client, functions

app = fastapi.FastAPI()
inngest.fast_api.serve(app, client, functions)
