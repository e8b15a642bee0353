"""The list of commands. Each one lives in the module of its name."""

from __future__ import annotations

from typing import Annotated

import typer

from mainstem import __version__
from mainstem.cli.capture import capture
from mainstem.cli.check import check
from mainstem.cli.db import db
from mainstem.cli.demo import demo
from mainstem.cli.dev import dev
from mainstem.cli.doctor import doctor
from mainstem.cli.engine import engine
from mainstem.cli.functions import functions
from mainstem.cli.manifest import manifest
from mainstem.cli.migrate import migrate
from mainstem.cli.options import EPILOG
from mainstem.cli.send import send
from mainstem.cli.serve import serve
from mainstem.cli.simulate import simulate
from mainstem.cli.sync import sync
from mainstem.cli.verify import verify

# No rich here: its markup would double the time `--help` takes. Reports load it when they print.
app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    epilog=EPILOG,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mainstem {__version__}")
        raise typer.Exit


@app.callback(epilog=EPILOG)
def mainstem(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Capture GitHub activity into SQL with typed, client-free Inngest functions."""


for command in (
    *(demo, capture, dev, serve, functions, doctor, send, simulate, migrate),
    *(manifest, check, sync, verify),
):
    app.command(command.__name__, epilog=EPILOG)(command)
app.add_typer(engine, name="engine")
app.add_typer(db, name="db")
