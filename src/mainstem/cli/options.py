"""What the commands' help shares: options of several commands, and the word on exit codes."""

from __future__ import annotations

from typing import Annotated

import typer

EPILOG = (
    "Exit codes: 0 done (a server also when it was stopped), 1 failed, 2 wrong usage or settings, "
    "130 interrupted. "
    "Results go to standard output, progress and errors to standard error."
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
VerboseOption = Annotated[
    bool, typer.Option("-v", "--verbose", help="Log on stderr what happens, in detail.")
]
CatalogOption = Annotated[
    str | None,
    typer.Option(
        "--catalog",
        metavar="MODULE:NAME",
        help="Whose functions, such as shop.functions:catalog; Mainstem's own by default.",
        show_default=False,
    ),
]
GroupOption = Annotated[
    list[str] | None,
    typer.Option("--group", help="Serve only this group; may be repeated.", show_default=False),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Serve only this tag; may be repeated.", show_default=False),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="Database URL, such as sqlite:///mainstem.db.",
        show_default=False,
    ),
]
