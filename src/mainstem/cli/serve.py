"""`mainstem serve`: the endpoint alone, for a server that runs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import DatabaseOption, VerboseOption

if TYPE_CHECKING:
    from socket import socket

    from mainstem.settings import Settings
    from mainstem.web.status import StatusPage


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=0, max=65535, help="Port; 0 takes any.", show_default=False),
    ] = None,
    status: Annotated[
        bool | None,
        typer.Option("--status/--no-status", help="Show the status page at /.", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Serve the functions of the environment to Inngest, or to `mainstem engine`."""
    import asyncio

    from mainstem.cli.servers import bind
    from mainstem.cli.start import log_for_servers, read_settings
    from mainstem.cli.status import page_of_serve

    typed = {
        "serve_host": host,
        "serve_port": port,
        "database_url": database,
        "status_page": status,
    }
    settings = read_settings(**typed)
    log_for_servers(settings, verbose=verbose)
    with bind(settings.serve_host, settings.serve_port, option="--port") as listener:
        page = page_of_serve(settings, listener, **typed)
        asyncio.run(_serve(settings, listener, page))


async def _serve(settings: Settings, listener: socket, page: StatusPage | None) -> None:
    from mainstem.cli.servers import serving, until_stopped
    from mainstem.cli.status import streaming
    from mainstem.clients import client_for
    from mainstem.functions import catalogue
    from mainstem.web import SERVE_PATH, create_app, open_services

    async with open_services(settings, migrate=True) as opened:
        app = create_app(
            settings,
            catalog=catalogue(),
            services=opened.services,
            client=client_for(settings),
            status=page,
        )
        async with serving(app, listener) as url, streaming(app):
            typer.echo(f"Endpoint  {url}{SERVE_PATH}  ({settings.environment})", err=True)
            if page is not None:
                typer.echo(f"Status    {url}/", err=True)
            await until_stopped()
