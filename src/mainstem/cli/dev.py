"""`mainstem dev`: engine, endpoint and schedule in one process, until it is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import (
    CatalogOption,
    DatabaseOption,
    GroupOption,
    TagOption,
    VerboseOption,
)

if TYPE_CHECKING:
    from socket import socket

    from mainstem.serving import Application
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
    group: GroupOption = None,
    tag: TagOption = None,
    catalog: CatalogOption = None,
    canary: Annotated[
        bool, typer.Option("--canary/--no-canary", help="Answer `mainstem verify --canary`.")
    ] = True,
    database: DatabaseOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the engine, the endpoint and the schedule in one process.

    The engine's state is in .mainstem/engine.db: stop it and start it again, and runs go on. Port 0
    takes any free one. The endpoint's / shows how every function stands.
    """
    import asyncio

    from mainstem.cli.catalogs import chosen_application
    from mainstem.cli.servers import bind
    from mainstem.cli.start import examined, log_for_servers
    from mainstem.cli.status import page_of_dev
    from mainstem.clients import close_clients

    found = examined(
        serve_port=port,
        serve_groups=frozenset(group) if group else None,
        serve_tags=frozenset(tag) if tag else None,
        catalog=catalog,
        database_url=database,
    )
    settings = log_for_servers(found, verbose=verbose)
    application = chosen_application(None, settings)
    with (
        bind(settings.serve_host, engine_port, option="--engine-port") as engine_listener,
        bind(settings.serve_host, settings.serve_port, option="--port") as endpoint_listener,
    ):
        page = page_of_dev(found, endpoint_listener)
        try:
            asyncio.run(
                _dev(settings, application, engine_listener, endpoint_listener, page, canary)
            )
        finally:
            close_clients()


async def _dev(
    settings: Settings,
    application: Application[Any],
    engine_listener: socket,
    endpoint_listener: socket,
    page: StatusPage | None,
    canary: bool,
) -> None:
    from mainstem.cli.catalogs import opened
    from mainstem.cli.local_run import for_local_engine, local_run
    from mainstem.cli.registered import registered
    from mainstem.cli.servers import until_stopped, url_of
    from mainstem.cli.state import STATE_FOLDER, made
    from mainstem.functions import Services

    local = for_local_engine(settings, url_of(engine_listener))
    engine_path = str(made(STATE_FOLDER) / "engine.db")
    async with (
        opened(application, local) as services,
        local_run(
            local,
            application.catalog,
            services,
            engine_path=engine_path,
            engine_listener=engine_listener,
            endpoint_listener=endpoint_listener,
            status=page,
            canary=canary,
        ) as running,
    ):
        served = "; ".join(registered(app) for app in running.engine.apps())
        typer.echo(f"Engine    {running.engine_url}  ({served})", err=True)
        typer.echo(f"Endpoint  {running.endpoint_url}  ({settings.environment})", err=True)
        if page is not None:
            typer.echo(f"Page      {url_of(endpoint_listener)}/", err=True)
        if isinstance(services, Services):
            typer.echo(f"Database  {services.database.url}", err=True)
        await until_stopped(running.engine.wait_over())
