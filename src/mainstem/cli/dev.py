"""`mainstem dev`: engine, endpoint and schedule in one process, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import DatabaseOption, VerboseOption

if TYPE_CHECKING:
    from socket import socket

    from mainstem.settings import Settings
    from mainstem.web.status import StatusPage


def dev(
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="The endpoint's port.", show_default="8000"),
    ] = None,
    engine_port: Annotated[
        int, typer.Option("--engine-port", min=0, max=65535, help="The engine's port.")
    ] = 8288,
    database: DatabaseOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the engine, the endpoint and the schedule in one process.

    The engine's state is in .mainstem/engine.db: stop it and start it again, and runs go on. Port 0
    takes any free one. The endpoint's / shows how every function stands.
    """
    import asyncio

    from mainstem.cli.servers import bind
    from mainstem.cli.start import log_for_servers, read_settings
    from mainstem.cli.status import page_of_dev

    settings = read_settings(serve_port=port, database_url=database)
    log_for_servers(settings, verbose=verbose)
    with (
        bind(settings.serve_host, engine_port, option="--engine-port") as engine_listener,
        bind(settings.serve_host, settings.serve_port, option="--port") as endpoint_listener,
    ):
        page = page_of_dev(settings, endpoint_listener, serve_port=port, database_url=database)
        asyncio.run(_dev(settings, engine_listener, endpoint_listener, page))


async def _dev(
    settings: Settings,
    engine_listener: socket,
    endpoint_listener: socket,
    page: StatusPage | None,
) -> None:
    from mainstem.cli.local_run import local_run
    from mainstem.cli.registered import registered
    from mainstem.cli.servers import until_stopped, url_of
    from mainstem.cli.state import STATE_FOLDER, made
    from mainstem.web import open_services

    engine_path = str(made(STATE_FOLDER) / "engine.db")
    async with (
        open_services(settings, migrate=True) as opened,
        local_run(
            settings,
            opened,
            engine_path=engine_path,
            engine_listener=engine_listener,
            endpoint_listener=endpoint_listener,
            status=page,
        ) as local,
    ):
        served = "; ".join(registered(app) for app in local.engine.apps())
        typer.echo(f"Engine    {local.engine_url}  ({served})", err=True)
        typer.echo(f"Endpoint  {local.endpoint_url}  ({settings.environment})", err=True)
        if page is not None:
            typer.echo(f"Status    {url_of(endpoint_listener)}/", err=True)
        typer.echo(f"Database  {opened.database.url}", err=True)
        await until_stopped()
