"""`mainstem capture`: one repository into a database, through everything, and its summary."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import DatabaseOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from mainstem.cli.captured import CaptureResult
    from mainstem.cli.capturing import Capture
    from mainstem.cli.source import Generated, Recording
    from mainstem.settings import Settings


class Api(StrEnum):
    """Which of GitHub's two APIs to read."""

    GRAPHQL = "graphql"
    REST = "rest"


def capture(
    repository: Annotated[
        str, typer.Argument(metavar="OWNER/NAME", help="The repository to capture.")
    ],
    via: Annotated[
        Api, typer.Option("--via", help="Which of GitHub's APIs to read.")
    ] = Api.GRAPHQL,
    github: Annotated[
        str | None,
        typer.Option(
            "--github", metavar="URL", help="Another server with GitHub's API.", show_default=False
        ),
    ] = None,
    recording: Annotated[
        Path | None,
        typer.Option(
            "--recording", metavar="DIR", help="Read a recorded repository.", show_default=False
        ),
    ] = None,
    database: DatabaseOption = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days",
            min=1,
            max=30,
            help="Only what changed in the last days; without it, the whole history.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Print the plan and its price first, and the bill beside it after."
        ),
    ] = False,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Capture a repository: every pull request, review, comment and issue.

    Run it again and only what changed is read. Stop it, or kill it, and the same command goes on
    where it was.
    """
    from mainstem.cli.capturing import Capture
    from mainstem.cli.names import repository_name
    from mainstem.cli.outcome import UsageProblem
    from mainstem.cli.source import Recording
    from mainstem.cli.start import log_for_work, read_settings

    wanted = Capture(repository_name(repository), via=via.value, days=days, explain=explain)
    if explain and (days is not None or via is Api.REST):
        raise UsageProblem(
            "Cannot explain this capture: a plan is made for whole histories over GraphQL. Leave "
            "out --days and --via rest."
        )
    if github is not None and recording is not None:
        raise UsageProblem("Cannot read both --github and --recording: choose one of them.")
    settings = read_settings(database_url=database, github_url=github)
    log_for_work(settings, verbose=verbose)
    source = None if recording is None else Recording(recording)
    show(run_interruptibly(settings, wanted, source), as_json=json)


def run_interruptibly(
    settings: Settings, wanted: Capture, source: Recording | Generated | None
) -> CaptureResult:
    """Capture in a loop of its own; Ctrl-C and SIGTERM stop it cleanly. Raises `Interrupted`."""
    import asyncio

    from mainstem.cli.captured import captured
    from mainstem.cli.outcome import Interrupted
    from mainstem.cli.servers import on_signals

    async def work() -> CaptureResult:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  we are in it
        with on_signals(task.cancel):
            return await captured(settings, wanted, source)

    try:
        return asyncio.run(work())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise Interrupted(
            "Stopped. What was captured is stored; the same command goes on where this one stopped."
        ) from None


def show(result: CaptureResult, *, as_json: bool) -> None:
    """Print `result` to stdout, for a program or for a person."""
    from mainstem.cli.output import print_json, stdout_console

    if as_json:
        print_json(result)
        return
    from mainstem.cli.report import report

    stdout_console().print(report(result))
