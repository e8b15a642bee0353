"""`mainstem engine`: the embedded engine alone, for any app made with an Inngest SDK."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import VerboseOption

if TYPE_CHECKING:
    from socket import socket

    from mainstem.engine import Engine


def engine(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port; 0 takes any.")
    ] = 8288,
    path: Annotated[
        Path | None,
        typer.Option("--path", help="File that holds the state.", show_default=False),
    ] = None,
    persist: Annotated[
        bool,
        typer.Option("--persist/--no-persist", help="Keep the state in .mainstem/engine.db."),
    ] = True,
    sdk_url: Annotated[
        list[str] | None,
        typer.Option("-u", "--sdk-url", metavar="URL", help="An app to sync with; repeatable."),
    ] = None,
    retry_interval: Annotated[
        float | None,
        typer.Option(
            "--retry-interval",
            min=0,
            help="Seconds between attempts, in place of the usual growing pauses.",
            show_default=False,
        ),
    ] = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the embedded engine alone, as a dev server for any app made with an Inngest SDK."""
    import asyncio

    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.servers import bind

    set_up_logs("DEBUG" if verbose else "INFO")
    with bind(host, port, option="--port") as listener:
        asyncio.run(_serve(listener, _state(path, persist=persist), sdk_url or [], retry_interval))


def _state(path: Path | None, *, persist: bool) -> str:
    """The engine's file; its folder exists afterwards."""
    from mainstem.engine import EngineOptions

    if path is None and not persist:
        return EngineOptions().path
    chosen = path or Path(".mainstem") / "engine.db"
    chosen.parent.mkdir(parents=True, exist_ok=True)
    return str(chosen)


async def _serve(
    listener: socket, path: str, urls: list[str], retry_interval: float | None
) -> None:
    from mainstem.cli.servers import serving, until_stopped
    from mainstem.engine import Engine, EngineOptions, engine_app

    port = listener.getsockname()[1]
    running = Engine.open(EngineOptions(path=path, port=port, retry_interval=retry_interval))
    async with running, serving(engine_app(running), listener) as url:
        typer.echo(f"Engine    {url}  ({path})", err=True)
        for app_url in urls:
            typer.echo(await _synced(running, app_url), err=True)
        await until_stopped()


async def _synced(running: Engine, url: str) -> str:
    """How a sync with the app at `url` went, in a line; one that is not there yet is no error."""
    from mainstem.engine import SyncRefused

    try:
        await running.sync_app(url)
    except SyncRefused as error:
        return f"App       {url}  not synced: {error}"
    app = next((app for app in running.apps() if app.url == url), None)
    return f"App       {url}  synced" + (f" ({len(app.functions)} functions)" if app else "")
