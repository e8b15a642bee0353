"""`mainstem demo`: a made-up repository through everything, with no account and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mainstem.cli.capture import Api, run_interruptibly, show
from mainstem.cli.options import DatabaseOption, JsonOption, VerboseOption

_FOLDER = Path(".mainstem") / "demo"
_REPOSITORY = "riverside/harbour"


def demo(
    pulls: Annotated[int, typer.Option("--pulls", min=1, help="Pull requests to make up.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, the same repository.")] = 7,
    via: Annotated[
        Api, typer.Option("--via", help="Which of GitHub's APIs to read.")
    ] = Api.GRAPHQL,
    database: DatabaseOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Capture a made-up repository end to end and sum it up.

    A pretend GitHub, the embedded engine and the endpoint run in this process; the result is in a
    fresh SQLite file under .mainstem/demo, or where --database says.
    """
    from mainstem.cli.capturing import Capture
    from mainstem.cli.names import repository_name
    from mainstem.cli.source import Generated
    from mainstem.cli.start import log_for_work, read_settings

    settings = read_settings(
        environment="local", database_url=database or f"sqlite:///{_fresh_file()}"
    )
    log_for_work(settings, verbose=verbose)
    wanted = Capture(repository_name(_REPOSITORY), via=via.value)
    source = Generated(seed, pulls, wanted.repository)
    show(run_interruptibly(settings, wanted, source), as_json=json)


def _fresh_file() -> Path:
    """An empty place for the demo's database; what an earlier demo left there is removed."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for old in _FOLDER.glob("demo.db*"):
        old.unlink()
    return _FOLDER / "demo.db"
