"""In a FastAPI app whose start tells what senders and receivers disagree on."""

import fastapi
from shop import catalog

from mainstem.registration import check_at_start
from mainstem.serving.fastapi import serve

app = fastapi.FastAPI()
serve(app, catalog, check=check_at_start(catalog))
