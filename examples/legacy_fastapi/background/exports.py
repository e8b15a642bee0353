"""Exports for the book-keeper, one function for each kind of file."""

import json
from collections.abc import Callable

import inngest

from legacy_fastapi.background.client import client

Row = dict[str, object]


def make_export(kind: str, write: Callable[[list[Row]], str]) -> inngest.Function:
    """A function that exports to one kind of file."""

    @client.create_function(
        fn_id=f"export-{kind}",
        name=f"Export as {kind.upper()}",
        trigger=inngest.TriggerEvent(event=f"export/{kind}.asked"),
        idempotency="event.data.export",
    )
    def export(ctx: inngest.ContextSync) -> dict:
        rows = ctx.step.run("collect-rows", lambda: ctx.event.data["rows"])
        return {"file": ctx.step.run("write-file", write, rows)}

    return export


def _as_csv(rows: list[Row]) -> str:
    return "\n".join(",".join(str(value) for value in row.values()) for row in rows)


EXPORTS = [make_export("csv", _as_csv), make_export("json", json.dumps)]
