"""The shop: `uvicorn legacy_fastapi.main:app`."""

import inngest.fast_api
from fastapi import FastAPI

from legacy_fastapi import pages
from legacy_fastapi.background.client import client as background_client
from legacy_fastapi.core import inngest_client
from legacy_fastapi.local import dev_client
from legacy_fastapi.registry import BACKGROUND_FUNCTIONS, FUNCTIONS, LOCAL_FUNCTIONS

app = FastAPI(title="Pottery")
app.include_router(pages.router)

inngest.fast_api.serve(app, inngest_client, FUNCTIONS)
inngest.fast_api.serve(
    app, background_client, BACKGROUND_FUNCTIONS, serve_path="/api/inngest-background"
)
inngest.fast_api.serve(app, dev_client, LOCAL_FUNCTIONS, serve_path="/api/inngest-local")
