"""`mainstem simulate`: a pretend GitHub over HTTP, until it is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import JsonOption

if TYPE_CHECKING:
    from mainstem.simulate import World

_LISTED_ENDPOINTS = 8


def simulate(
    recording: Annotated[
        Path | None,
        typer.Option(
            "--recording", metavar="DIR", help="Serve a recorded repository.", show_default=False
        ),
    ] = None,
    generate: Annotated[
        int | None,
        typer.Option("--generate", metavar="SEED", help="Serve a made-up one.", show_default=False),
    ] = None,
    pulls: Annotated[
        int, typer.Option("--pulls", min=1, help="Pull requests of a made-up repository.")
    ] = 300,
    name: Annotated[
        str, typer.Option("--name", metavar="OWNER/NAME", help="Name of a made-up repository.")
    ] = "riverside/harbour",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes any.")
    ] = 8089,
    json: JsonOption = False,
) -> None:
    """Serve a GitHub, REST and GraphQL, from a recording or a generator.

    Prints its address, and when it is stopped what was asked of it; with --json as two lines, an
    object each.
    """
    import asyncio

    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.names import repository_name
    from mainstem.cli.outcome import UsageProblem
    from mainstem.cli.source import Generated, Recording, world_of

    if (recording is None) == (generate is None):
        raise UsageProblem("Cannot tell what to serve: give either --recording or --generate.")
    set_up_logs("ERROR")
    if recording is not None:
        world = world_of(Recording(recording))
    else:
        assert generate is not None  # noqa: S101  one of the two, checked above
        world = world_of(Generated(generate, pulls, repository_name(name)))
    log = asyncio.run(_serve(world, host, port, as_json=json))
    _sum_up(log, as_json=json)


async def _serve(world: World, host: str, port: int, *, as_json: bool) -> dict[str, Any]:
    from mainstem.cli.output import print_json_line
    from mainstem.cli.servers import until_stopped
    from mainstem.cli.source import PROMPT
    from mainstem.simulate import simulated_github

    async with simulated_github(world, host=host, port=port, options=PROMPT) as simulated:
        names = [str(one.record["full_name"]) for one in world.repositories]
        if as_json:
            print_json_line({"url": simulated.url, "repositories": names})
        else:
            typer.echo(f"GitHub    {simulated.url}  ({', '.join(names)})")
        await until_stopped()
        return simulated.log.as_json()


def _sum_up(log: dict[str, Any], *, as_json: bool) -> None:
    from mainstem.cli.output import print_json_line

    if as_json:
        print_json_line({"log": log})
        return
    typer.echo(
        f"{log['requests']} requests: {log['rest_requests']} REST, {log['graphql_requests']} "
        f"GraphQL for {log['points']} points; {log['not_modified']} answered not modified."
    )
    for endpoint, count in list(log["by_endpoint"].items())[:_LISTED_ENDPOINTS]:
        typer.echo(f"{count:7,}  {endpoint}")
