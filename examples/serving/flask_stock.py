"""Services that are opened asynchronously, under a server that has no event loop."""

import flask
from stock import application

from mainstem.serving import background
from mainstem.serving.flask import serve
from mainstem.settings import load_settings

settings = load_settings()
stock = background.opened(application.opened(settings))

app = flask.Flask(__name__)
serve(app, application.catalog, stock, settings=settings)
