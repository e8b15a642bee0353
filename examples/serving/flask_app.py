"""In a Flask app, which sends events too."""

import flask
from shop import OrderPlaced, catalog

from mainstem.serving.flask import serve

app = flask.Flask(__name__)
bound = serve(app, catalog)


@app.post("/orders/<int:order_id>")
def place_order(order_id: int) -> list[str]:
    """Blocks until the server has taken the event."""
    return bound.send_sync(OrderPlaced(order_id=order_id))
