"""`mainstem serve`: the endpoint alone, or a Connect worker, for a server that runs elsewhere."""

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
from mainstem.cli.outcome import UsageProblem

if TYPE_CHECKING:
    from socket import socket

    from mainstem.serving import Application
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
    group: GroupOption = None,
    tag: TagOption = None,
    catalog: CatalogOption = None,
    connect: Annotated[
        bool, typer.Option("--connect", help="Connect to the server, instead of being called.")
    ] = False,
    status: Annotated[
        bool | None,
        typer.Option("--status/--no-status", help="Show the status page at /.", show_default=False),
    ] = None,
    canary: Annotated[
        bool, typer.Option("--canary", help="Answer `mainstem verify --canary`.")
    ] = False,
    database: DatabaseOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Serve the functions of the environment to Inngest, or to `mainstem engine`.

    A group or a tag is served as an app of its own, so that several deployments share one
    catalogue: `mainstem-capture`, say. With --connect only /healthz is served here.
    """
    import asyncio

    from mainstem.cli.catalogs import chosen_application
    from mainstem.cli.servers import bind
    from mainstem.cli.start import examined, log_for_servers
    from mainstem.cli.status import page_of_serve
    from mainstem.clients import close_clients

    if connect and status:
        raise UsageProblem(
            "Cannot show the status page of a worker: --connect serves only /healthz. Leave out "
            "--status, or serve without --connect."
        )
    found = examined(
        serve_host=host,
        serve_port=port,
        serve_groups=names_in(group) or None,
        serve_tags=names_in(tag) or None,
        catalog=catalog,
        database_url=database,
        status_page=status,
    )
    settings = log_for_servers(found, verbose=verbose)
    application = chosen_application(None, settings)
    with bind(settings.serve_host, settings.serve_port, option="--port") as listener:
        page = None if connect else page_of_serve(found, listener)
        try:
            if connect:
                asyncio.run(_work(settings, application, listener, canary))
            else:
                asyncio.run(_serve(settings, application, listener, page, canary))
        finally:
            close_clients()


def names_in(said: list[str] | None) -> frozenset[str]:
    """The names that an option was given: repeated, or with commas as in a variable."""
    return frozenset(
        name.strip() for text in said or () for name in text.split(",") if name.strip()
    )


async def _serve(
    settings: Settings,
    application: Application[Any],
    listener: socket,
    page: StatusPage | None,
    canary: bool,
) -> None:
    from mainstem.cli.catalogs import opened
    from mainstem.cli.servers import serving, until_stopped
    from mainstem.cli.status import streaming
    from mainstem.web import create_app

    async with opened(application, settings) as services:
        app = create_app(
            settings,
            catalog=application.catalog,
            services=services,
            status=page,
            canary=canary,
        )
        async with serving(app, listener) as url, streaming(app):
            typer.echo(f"Endpoint  {url}{settings.serve_path}  ({settings.environment})", err=True)
            if page is not None:
                typer.echo(f"Page      {url}/", err=True)
            await until_stopped()


async def _work(
    settings: Settings, application: Application[Any], listener: socket, canary: bool
) -> None:
    from mainstem.cli.catalogs import opened
    from mainstem.cli.servers import serving, until_stopped
    from mainstem.registration import check_at_start
    from mainstem.serving import connect
    from mainstem.web import canaried, create_worker_app

    catalog = application.catalog
    async with opened(application, settings) as services:
        worker = connect.worker(
            canaried(settings, catalog) if canary else catalog,
            services,
            settings=settings,
            check=check_at_start(catalog),
        )
        async with serving(create_worker_app(worker), listener) as url, worker:
            typer.echo(
                f"Worker    {worker.bound.client.app_id}  ({settings.environment})", err=True
            )
            typer.echo(f"Health    {url}/healthz", err=True)
            await until_stopped()
