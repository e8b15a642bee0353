"""On Vercel this is `api/inngest.py`, next to the modules that it imports."""

from shop import catalog

from mainstem.serving import vercel

app = vercel.app(catalog)
