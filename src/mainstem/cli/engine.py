"""`mainstem engine`: the embedded engine alone, for any app made with an Inngest SDK."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli import engine_options as options
from mainstem.cli.engine_prune import prune
from mainstem.cli.options import EPILOG, JsonOption, VerboseOption

if TYPE_CHECKING:
    from socket import socket

    from mainstem.engine import Engine, EngineOptions, Notice, Retention, Watch

POLL_SECONDS = 5.0

engine = typer.Typer(
    help="Run the embedded engine alone, as a dev server for any app made with an Inngest SDK.",
    invoke_without_command=True,
    rich_markup_mode=None,
    add_completion=False,
    epilog=EPILOG,
)


@engine.callback()
def run_engine(
    context: typer.Context,
    config: options.ConfigOption = None,
    host: options.HostOption = "127.0.0.1",
    port: options.PortOption = 8288,
    sdk_url: options.AppOption = None,
    no_discovery: options.NoDiscoveryOption = False,
    no_poll: options.NoPollOption = False,
    poll_interval: options.PollIntervalOption = None,
    retry_interval: options.RetryIntervalOption = None,
    persist: options.PersistOption = True,
    path: Annotated[
        Path | None,
        typer.Option("--path", help="File that holds the state.", show_default=False),
    ] = None,
    sqlite_dir: options.FolderOption = None,
    retention: options.RetentionOption = None,
    queue_workers: options.WorkersOption = None,
    cloud: Annotated[
        bool,
        typer.Option(
            "--cloud",
            help="Be a cloud-mode server: sign calls with INNGEST_SIGNING_KEY and take events "
            "with INNGEST_EVENT_KEY only; apps may also come with INNGEST_SIGNING_KEY_FALLBACK.",
        ),
    ] = False,
    signing_key: options.SigningKeyOption = None,
    event_key: options.EventKeyOption = None,
    env: Annotated[
        str | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="Be this branch environment: refuse apps of another. Needs --cloud.",
            show_default=False,
        ),
    ] = None,
    api_token: options.ApiTokenOption = None,
    log_level: options.LogLevelOption = "info",
    json: options.JsonLogsOption = False,
    verbose: VerboseOption = False,
    tick: options.TickOption = None,
    connect_gateway_port: options.GatewayPortOption = None,
    no_ui: options.NoUiOption = False,
) -> None:
    """Run the embedded engine alone, as a dev server for any app made with an Inngest SDK."""
    if context.invoked_subcommand is not None:
        return
    del config  # what it says has become defaults of the others
    _say_what_means_nothing(tick=tick, connect_gateway_port=connect_gateway_port, no_ui=no_ui)
    keys = _Keys(signing_key, options.several(event_key), cloud=cloud or signing_key is not None)
    if not keys.cloud and (env or keys.event_keys):
        raise typer.BadParameter(
            "only a cloud-mode server has branch environments; add --cloud."
            if env
            else "only a cloud-mode server looks at event keys; add --cloud or --signing-key.",
            param_hint="'--env'" if env else "'--event-key'",
        )
    _set_up_logs("DEBUG" if verbose else log_level, as_json=json)
    watched = _watched(
        options.addresses(sdk_url),
        discover=not no_discovery and not keys.cloud,
        poll=not no_poll,
        # As Inngest's self-hosted server, which is told of deploys, one with keys polls on demand.
        interval=(0 if keys.cloud else POLL_SECONDS) if poll_interval is None else poll_interval,
    )
    given: dict[str, Any] = {"host": host, "retry_interval": retry_interval, "env": env}
    given |= {"api_token": api_token, **keys.of_engine()}
    given |= {"max_parallel_calls": queue_workers} if queue_workers else {}
    given |= {"retention": _retention(retention)}
    _run(host, port, _State(path, sqlite_dir, persist=persist), given, watched)


engine.command("prune", epilog=EPILOG)(prune)


@engine.command("drop", epilog=EPILOG)
def drop(
    app: Annotated[str, typer.Argument(help="The app's id.")],
    function: Annotated[str, typer.Argument(help="The function's id.")],
    url: Annotated[
        str, typer.Option("--url", help="The engine's address.")
    ] = "http://127.0.0.1:8288",
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            envvar=["MAINSTEM_ENGINE_TOKEN", "INNGEST_SIGNING_KEY"],
            help="The engine's API token or signing key, where it has one.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Cancel all runs that a function left behind when its app gave it up."""
    import httpx

    from mainstem.cli.outcome import CommandFailed
    from mainstem.cli.output import print_json

    headers = {"authorization": f"Bearer {token}"} if token else {}
    target = f"{url.rstrip('/')}/v1/apps/{app}/functions/{function}/drop"
    try:
        answer = httpx.post(target, headers=headers, timeout=60)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandFailed(
            f"Cannot reach the engine at {url}: {error}. Start it, or name its address with --url."
        ) from error
    if answer.status_code != httpx.codes.OK:
        raise CommandFailed(
            f"The engine at {url} refused (HTTP {answer.status_code}): {_why(answer)}"
        )
    count = answer.json()["data"]["cancelled"]
    if json:
        print_json({"app": app, "function": function, "cancelled": count})
        return
    typer.echo(f"{count} run{'s' * (count != 1)} of {function} cancelled.")


def _why(answer: Any) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return str(answer.text)


def _say_what_means_nothing(**given: object) -> None:
    for name, value in given.items():
        if value:
            typer.echo(options.NO_MEANING[name], err=True)


def _set_up_logs(level: str, *, as_json: bool) -> None:
    # The two names of Inngest's that Python does not have.
    named = {"WARN": "WARNING", "TRACE": "DEBUG"}.get(level.upper(), level.upper())
    try:
        if as_json:
            from mainstem.cli.logs import set_up_logs

            set_up_logs(named, as_json=True)
        else:
            from mainstem.cli.plain_logs import set_up_plain_logs

            set_up_plain_logs(named)
    except ValueError:
        raise typer.BadParameter(
            f"{level!r} is no level; choose debug, info, warn or error.", param_hint="'--log-level'"
        ) from None


def _retention(age: str | None) -> Retention | None:
    from mainstem.engine import BadDuration, Retention

    try:
        return None if age is None else Retention.parse(age)
    except BadDuration as error:
        raise typer.BadParameter(f"{error}.", param_hint="'--retention'") from error


def _watched(urls: tuple[str, ...], *, discover: bool, poll: bool, interval: float) -> Watch:
    from mainstem.engine import Watch

    return Watch(urls, poll and interval > 0, discover, interval or POLL_SECONDS)


@dataclass(frozen=True)
class _Keys:
    """The keys that were typed; what a cloud-mode server lacks comes from the settings."""

    signing_key: str | None = field(repr=False)
    event_keys: tuple[str, ...] = field(repr=False)
    cloud: bool

    def of_engine(self) -> dict[str, Any]:
        """The engine's options for them. Raises `SettingsError`."""
        if not self.cloud:
            return {}
        if self.signing_key and self.event_keys:
            return {"signing_key": self.signing_key, "event_keys": frozenset(self.event_keys)}
        from mainstem.cli.start import read_settings
        from mainstem.errors import Problem, SettingsError

        typed = {"signing_key": self.signing_key} if self.signing_key else {}
        settings = read_settings(**typed)
        if settings.signing_key is None:
            problem = Problem(
                "INNGEST_SIGNING_KEY",
                "it is not set, and a cloud-mode engine signs its calls with it",
                "Set it to the key that the app has, or leave --cloud away.",
            )
            raise SettingsError([problem])
        fallback = settings.signing_key_fallback
        found = settings.event_key.get_secret_value() if settings.event_key else ""
        return {
            "signing_key": settings.signing_key.get_secret_value(),
            "signing_key_fallback": fallback.get_secret_value() if fallback else None,
            "event_keys": frozenset(self.event_keys or options.several([found])),
        }


@dataclass(frozen=True)
class _State:
    """Where the state is to be."""

    path: Path | None
    folder: Path | None
    persist: bool

    def made(self) -> str:
        """The engine's file. The folder that holds it by custom is made, not one that was typed."""
        from mainstem.cli.state import STATE_FOLDER, made
        from mainstem.engine import EngineOptions

        if self.path is None and self.folder is None and not self.persist:
            return EngineOptions().path
        if self.path is not None:
            return str(self.path)
        return str(made(self.folder or STATE_FOLDER) / "engine.db")


def _run(host: str, port: int, state: _State, given: dict[str, Any], watched: Watch) -> None:
    import asyncio

    from mainstem.cli.servers import bind
    from mainstem.engine import EngineOptions, check_exposure

    chosen = EngineOptions(**given)
    check_exposure(host, chosen)
    with bind(host, port, option="--port") as listener:
        chosen = replace(chosen, path=state.made(), port=listener.getsockname()[1])
        asyncio.run(_serve(listener, chosen, watched))


async def _serve(listener: socket, chosen: EngineOptions, watched: Watch) -> None:
    from mainstem.cli.servers import serving, until_stopped
    from mainstem.engine import Engine, Sign, engine_app, watching

    running = Engine.open(chosen)

    known: set[str] = set()

    def tell(notice: Notice) -> None:
        said = _said(running, notice, was_synced=notice.url in known)
        typer.echo(f"App       {notice.url}  {said}", err=True)
        if notice.sign in (Sign.SYNCED, Sign.BACK):
            known.add(notice.url)

    async with running, serving(engine_app(running), listener) as url:
        typer.echo(f"Engine    {url}  ({chosen.path})", err=True)
        async with watching(running, watched, tell):
            await until_stopped(running.wait_over())
        # Before the server stops: Connect workers are told to come back, not just cut off.
        await running.drain()


def _said(running: Engine, notice: Notice, *, was_synced: bool) -> str:
    """What is new about an app, in words; one that is not there yet is no error."""
    from mainstem.cli.registered import registered
    from mainstem.engine import Sign

    app = next((app for app in running.apps() if app.url == notice.url), None)
    if notice.sign is Sign.AWAY and app is not None:
        return "does not answer any more; it is asked again until it does"
    if notice.sign in (Sign.AWAY, Sign.REFUSED):
        return f"not synced: {notice.reason}"
    back = "synced again" if was_synced else "synced"  # it may start after the engine
    words = {Sign.SYNCED: "synced", Sign.CHANGED: "changed", Sign.BACK: back}
    return words[notice.sign] + (f" ({registered(app)})" if app else "")
