"""One catalogue in two apps of one process, by group: each part is an app of its own at Inngest."""

import fastapi
from shop import catalog

from mainstem.serving.fastapi import serve

app = fastapi.FastAPI()
serve(app, catalog, groups=["warehouse"], path="/api/warehouse")
serve(app, catalog, groups=["office"], path="/api/office")
