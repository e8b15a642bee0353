"""How the commands on a database talk: progress as plain lines on stderr, results as tables."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import typer

_EVERY_S = 2.0


class Lines:
    """Says at most one line in two seconds, and the last one of each table that took longer."""

    def __init__(self) -> None:
        self._told_at = time.monotonic()
        self._told_of = ""

    def tell(self, line: str, *, key: str, is_last: bool = False) -> None:
        """Say it, unless something was said just before."""
        now = time.monotonic()
        if now - self._told_at < _EVERY_S and not (is_last and self._told_of == key):
            return
        self._told_at, self._told_of = now, "" if is_last else key
        typer.echo(line, err=True)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout; nothing without rows. All columns but the first hold figures."""
    from rich.table import Table

    from mainstem.cli.output import stdout_console

    table = Table(box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=not place)
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        stdout_console().print(table)
