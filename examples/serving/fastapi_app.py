"""In a FastAPI app, which sends events too."""

import fastapi
from shop import OrderPlaced, catalog

from mainstem.serving.fastapi import serve

app = fastapi.FastAPI()
bound = serve(app, catalog)


@app.post("/orders/{order_id}")
async def place_order(order_id: int) -> list[str]:
    """Sends with the client that serves; a wrong field would be refused here."""
    return await bound.send(OrderPlaced(order_id=order_id))
