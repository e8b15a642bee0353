"""The same through `mainstem.serving.asgi`. Imports stand as in a project that uses Mainstem."""

from mainstem.serving import asgi

# isort: split

from mainstem_functions import catalog

app = asgi.app(catalog)
