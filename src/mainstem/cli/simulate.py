"""`mainstem simulate`: a pretend GitHub over HTTP, until it is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import JsonOption

if TYPE_CHECKING:
    from mainstem.simulate import Options, World

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
    shape: Annotated[
        str,
        typer.Option(
            "--shape",
            metavar="SHAPE",
            help="Kind of a made-up repository: lifelike, huge-threads, tiny, issues, burst or "
            "discussions.",
        ),
    ] = "lifelike",
    name: Annotated[
        str, typer.Option("--name", metavar="OWNER/NAME", help="Name of a made-up repository.")
    ] = "riverside/harbour",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes any.")
    ] = 8089,
    latency: Annotated[
        float, typer.Option("--latency", min=0, metavar="SECONDS", help="Wait before each answer.")
    ] = 0.0,
    widest_page: Annotated[
        int | None,
        typer.Option(
            "--widest-page",
            min=1,
            metavar="ITEMS",
            help="Refuse GraphQL pages of more pull requests or issues.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Keep GitHub's own limits: hourly, by the minute, and of time."
        ),
    ] = False,
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
    from mainstem.cli.source import Recording, world_of
    from mainstem.simulate import generate as make_up

    if (recording is None) == (generate is None):
        raise UsageProblem("Cannot tell what to serve: give either --recording or --generate.")
    set_up_logs("ERROR")
    if recording is not None:
        world = world_of(Recording(recording))
    else:
        assert generate is not None  # noqa: S101  one of the two, checked above
        called = repository_name(name)
        world = make_up(generate, pulls, owner=called.owner, name=called.name, shape=shape)
    options = serving_options(latency, widest_page, strict=strict)
    log = asyncio.run(_serve(world, host, port, options, as_json=json))
    _sum_up(log, as_json=json)


def serving_options(latency: float, widest_page: int | None, *, strict: bool) -> Options:
    """How the served GitHub behaves; any token is good, and `strict` adds GitHub's own limits."""
    from dataclasses import replace

    from mainstem.cli.source import PROMPT
    from mainstem.simulate import Compute, Secondary

    options = replace(PROMPT, latency_seconds=latency, widest_page=widest_page)
    if not strict:
        return options
    return replace(
        options,
        core_per_hour=5_000,
        graphql_per_hour=5_000,
        anonymous_per_hour=60,
        secondary=Secondary(),
        compute=Compute(),
    )


async def _serve(
    world: World, host: str, port: int, options: Options, *, as_json: bool
) -> dict[str, Any]:
    from mainstem.cli.output import print_json_line
    from mainstem.cli.servers import until_stopped
    from mainstem.simulate import simulated_github

    async with simulated_github(world, host=host, port=port, options=options) as simulated:
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
