"""The shop's Inngest client. Import it wherever you write a function."""

import logging

import inngest

from legacy_fastapi.middleware import HideAddresses

inngest_client = inngest.Inngest(
    app_id="pottery",
    logger=logging.getLogger("pottery"),
    middleware=[HideAddresses],
)
