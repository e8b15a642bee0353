"""What the shop's own pages post to."""

from typing import Any

import inngest
from fastapi import APIRouter, Body

from legacy_fastapi.background.client import client as background
from legacy_fastapi.core import inngest_client

router = APIRouter()
Json = dict[str, Any]


@router.get("/health")
async def health() -> Json:
    return {"ok": True}


@router.post("/orders", status_code=202)
async def post_order(order: Json = Body(...)) -> Json:  # noqa: B008  FastAPI's own way
    ids = await inngest_client.send(inngest.Event(name="order/placed", data=order))
    return {"accepted": len(ids)}


@router.post("/orders/{order}/cancel", status_code=202)
async def cancel_order(order: str) -> Json:
    ids = await inngest_client.send(inngest.Event(name="order/cancelled", data={"order": order}))
    return {"accepted": len(ids)}


@router.post("/orders/{order}/reviews", status_code=202)
async def post_review(order: str, review: Json = Body(...)) -> Json:  # noqa: B008
    ids = await inngest_client.send(
        inngest.Event(name="review/left", data={"order": order, "stars": review["stars"]})
    )
    return {"accepted": len(ids)}


@router.post("/photos/{photo}", status_code=202)
async def post_photo(photo: str) -> Json:
    ids = await background.send(inngest.Event(name="photo/uploaded", data={"photo": photo}))
    return {"accepted": len(ids)}


@router.post("/newsletter", status_code=202)
def post_readers(names: list[str] = Body(...)) -> Json:  # noqa: B008
    """A list of names from the shop's counter, in one go."""
    ids = inngest_client.send_sync(
        [inngest.Event(name="newsletter/signup", data={"name": name}) for name in names]
    )
    return {"accepted": len(ids)}
