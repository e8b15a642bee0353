"""An ASGI app of its own, without a framework: the one that starts quickest."""

from shop import catalog

from mainstem.serving import asgi

app = asgi.app(catalog)
