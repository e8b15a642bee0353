"""In a Starlette app."""

from shop import catalog
from starlette.applications import Starlette

from mainstem.serving.starlette import serve

app = Starlette()
serve(app, catalog)
