"""The command line: parse what was typed, call the other rooms, print what came of it.

One file per command. Nothing heavy is imported before a command needs it, so that `mainstem --help`
answers at once; `tests/test_import_budget.py` keeps the list of modules that must stay away. What a
command decides lives in the other rooms; here are options, progress, reports and exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line with `argv` (by default the process's) and exit with its code.

    Raises `SystemExit`: 0 done, 1 failed, 2 wrong usage or settings, 130 interrupted. For a server
    to be stopped is to be done.
    """
    from mainstem.cli.app import app
    from mainstem.cli.outcome import exiting

    with exiting():
        app(None if argv is None else list(argv), prog_name="mainstem")
