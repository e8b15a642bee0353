"""`mainstem engine`: the embedded engine alone, for any app made with an Inngest SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import VerboseOption

if TYPE_CHECKING:
    from socket import socket

    from mainstem.engine import Engine, EngineOptions


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
    cloud: Annotated[
        bool,
        typer.Option(
            "--cloud",
            help="Be a cloud-mode server: sign calls with INNGEST_SIGNING_KEY and take events "
            "with INNGEST_EVENT_KEY only; apps may also come with INNGEST_SIGNING_KEY_FALLBACK.",
        ),
    ] = False,
    env: Annotated[
        str | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="Be this branch environment: refuse apps of another. Needs --cloud.",
            show_default=False,
        ),
    ] = None,
    verbose: VerboseOption = False,
) -> None:
    """Run the embedded engine alone, as a dev server for any app made with an Inngest SDK."""
    import asyncio

    from mainstem.cli.logs import set_up_logs
    from mainstem.cli.servers import bind
    from mainstem.engine import EngineOptions

    if env and not cloud:
        raise typer.BadParameter(
            "only a cloud-mode server has branch environments; add --cloud.", param_hint="'--env'"
        )
    set_up_logs("DEBUG" if verbose else "INFO")
    options = EngineOptions(retry_interval=retry_interval, env=env, **(_keys() if cloud else {}))
    with bind(host, port, option="--port") as listener:
        options = replace(
            options, path=_state(path, persist=persist), port=listener.getsockname()[1]
        )
        asyncio.run(_serve(listener, options, sdk_url or []))


def _keys() -> dict[str, Any]:
    """The engine's options for cloud mode, from the settings. Raises `SettingsError`."""
    from mainstem.cli.start import read_settings
    from mainstem.errors import Problem, SettingsError

    settings = read_settings()
    if settings.signing_key is None:
        problem = Problem(
            "INNGEST_SIGNING_KEY",
            "it is not set, and a cloud-mode engine signs its calls with it",
            "Set it to the key that the app has, or leave --cloud away.",
        )
        raise SettingsError([problem])
    event_key, fallback = settings.event_key, settings.signing_key_fallback
    return {
        "signing_key": settings.signing_key.get_secret_value(),
        "signing_key_fallback": fallback.get_secret_value() if fallback else None,
        "event_keys": frozenset({event_key.get_secret_value()} if event_key else ()),
    }


def _state(path: Path | None, *, persist: bool) -> str:
    """The engine's file; its folder exists afterwards."""
    from mainstem.cli.state import STATE_FOLDER, made
    from mainstem.engine import EngineOptions

    if path is None and not persist:
        return EngineOptions().path
    chosen = path or STATE_FOLDER / "engine.db"
    made(chosen.parent)
    return str(chosen)


async def _serve(listener: socket, options: EngineOptions, urls: list[str]) -> None:
    from mainstem.cli.servers import serving, until_stopped
    from mainstem.engine import Engine, engine_app

    running = Engine.open(options)
    async with running, serving(engine_app(running), listener) as url:
        typer.echo(f"Engine    {url}  ({options.path})", err=True)
        for app_url in urls:
            typer.echo(await _synced(running, app_url), err=True)
        await until_stopped()
        # Before the server stops: Connect workers are told to come back, not just cut off.
        await running.drain()


async def _synced(running: Engine, url: str) -> str:
    """How a sync with the app at `url` went, in a line; one that is not there yet is no error."""
    from mainstem.cli.registered import registered
    from mainstem.engine import SyncRefused

    try:
        await running.sync_app(url)
    except SyncRefused as error:
        return f"App       {url}  not synced: {error}"
    app = next((app for app in running.apps() if app.url == url), None)
    return f"App       {url}  synced" + (f" ({registered(app)})" if app else "")
