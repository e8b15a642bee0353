"""The client for slow work: same app, more patience."""

import os

from inngest import Inngest

client = Inngest(
    app_id="pottery",
    is_production=os.getenv("POTTERY_ENV") == "production",
    request_timeout=10_000,
)
