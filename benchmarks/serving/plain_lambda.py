"""The usual way onto Lambda: FastAPI behind mangum."""

from mangum import Mangum
from plain_fastapi import app

handler = Mangum(app, lifespan="off")
