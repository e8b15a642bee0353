"""The same through `mainstem.serving.fastapi`, in a FastAPI app as on the plain side."""

import fastapi

from mainstem.serving.fastapi import serve

# isort: split

from mainstem_functions import catalog

app = fastapi.FastAPI()
serve(app, catalog)
