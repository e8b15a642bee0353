"""Alembic's entry: runs migrations on the connection that `mainstem.store.schema` hands over.

There is no alembic.ini and no URL here: the caller holds the transaction and the lock.
"""

from alembic import context

from mainstem.errors import StoreError
from mainstem.store.tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise StoreError(
        "Cannot migrate: no connection was handed over. Use `mainstem db upgrade`, "
        "or Database(url).upgrade()."
    )
context.configure(
    connection=connection,
    target_metadata=metadata,
    # SQLite alters a table by copying it; this makes later migrations write that for us.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
