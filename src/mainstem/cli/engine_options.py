"""The options of `mainstem engine`: those of Inngest's own command, with its variables.

Each may be typed, be a variable (`INNGEST_` and its name) or stand in `inngest.json`; the first of
these that says something wins, as it does there. A few mean nothing here and are taken all the
same, so that a command line that people have keeps working.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

CONFIG_FILE = "inngest.json"
_OTHER_FILES = ("inngest.yaml", "inngest.yml")
# Of options that name several things: a variable holds them with commas between, as at Inngest.
_LISTS = ("sdk_url", "event_key")
_FROM_FILE = (
    *_LISTS,
    *("host", "port", "no_discovery", "no_poll", "poll_interval", "retry_interval", "persist"),
    *("sqlite_dir", "queue_workers", "signing_key", "log_level", "tick", "connect_gateway_port"),
    "retention",
)
NO_MEANING = {
    "tick": "--tick is taken and does nothing: this engine does not poll its queue.",
    "connect_gateway_port": (
        "--connect-gateway-port is taken and does nothing: Connect is on the engine's own port."
    ),
    "no_ui": "--no-ui is taken and does nothing: this engine has no page of its own.",
}


def _configured(context: typer.Context, file: Path | None) -> Path | None:
    """Make what the configuration file says the defaults of the other options."""
    if context.resilient_parsing:
        return file
    found = file or _nearest(CONFIG_FILE)
    if found is None:
        if (unread := next(filter(None, map(_nearest, _OTHER_FILES)), None)) is not None:
            typer.echo(f"{unread} is not read; write it as {CONFIG_FILE}.", err=True)
        return None
    if found.suffix in (".yaml", ".yml"):
        raise typer.BadParameter(f"only JSON is read; write it as {CONFIG_FILE}.")
    try:
        said = json.loads(found.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"cannot read {str(found)!r}: {error}.") from error
    if not isinstance(said, dict):
        raise typer.BadParameter(f"{str(found)!r} holds no JSON object.")
    options = {name.replace("-", "_"): value for name, value in said.items()}
    if unknown := sorted(name for name in said if name.replace("-", "_") not in _FROM_FILE):
        told = ", ".join(map(_with_nearest, unknown))
        typer.echo(f"{found}: not known here, and passed over: {told}", err=True)
    context.default_map = {name: options[name] for name in _FROM_FILE if name in options}
    return found


def _with_nearest(name: str) -> str:
    """A name of the file, with the known one that it may be meant for."""
    known = [each.replace("_", "-") for each in _FROM_FILE]
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} (is it {near[0]}?)" if near else name


def _nearest(name: str) -> Path | None:
    """The file of this name in this folder or the nearest one above it."""
    here = Path.cwd()
    return next(
        (path for path in (each / name for each in (here, *here.parents)) if path.is_file()), None
    )


def several(values: Iterable[str] | None) -> tuple[str, ...]:
    """The values of an option that may be repeated, and may hold several with commas between."""
    parts = [part.strip() for value in values or () for part in value.split(",")]
    return tuple(dict.fromkeys(part for part in parts if part))


def addresses(values: Iterable[str] | None) -> tuple[str, ...]:
    """The addresses of apps, as `several` of them. Raises `typer.BadParameter`."""
    from urllib.parse import urlsplit

    urls = several(values)
    for url in urls:
        try:
            parts = urlsplit(url)
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_one = False
        if not is_one:
            raise typer.BadParameter(
                f"{url!r} is no address of an app; it is like http://127.0.0.1:3000/api/inngest.",
                param_hint="'--sdk-url'",
            )
    return urls


def _option(*names: str, variable: str, **more: Any) -> Any:
    return typer.Option(*names, envvar=f"INNGEST_{variable}", show_default=False, **more)


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="INNGEST_CONFIG",
        is_eager=True,
        callback=_configured,
        metavar="FILE",
        help=f"Configuration; {CONFIG_FILE} here or in a folder above it, unless named.",
        show_default=False,
    ),
]
HostOption = Annotated[
    str,
    typer.Option("--host", envvar="INNGEST_HOST", help="Address to listen on."),
]
PortOption = Annotated[
    int,
    typer.Option(
        "-p", "--port", envvar="INNGEST_PORT", min=0, max=65535, help="Port; 0 takes any."
    ),
]
AppOption = Annotated[
    list[str] | None,
    _option(
        *("-u", "--sdk-url", "--app"),
        variable="SDK_URL",
        metavar="URL",
        help="An app to sync with, now or as soon as it is there; repeatable.",
    ),
]
NoDiscoveryOption = Annotated[
    bool,
    _option(
        "--no-discovery",
        variable="NO_DISCOVERY",
        help="Do not look for apps on this machine's usual ports.",
    ),
]
NoPollOption = Annotated[
    bool,
    _option("--no-poll", variable="NO_POLL", help="Do not ask known apps for changes."),
]
PollIntervalOption = Annotated[
    float | None,
    _option(
        "--poll-interval",
        variable="POLL_INTERVAL",
        min=0,
        help="Seconds between two looks at apps; 5 unless said otherwise, 0 is --no-poll.",
    ),
]
RetryIntervalOption = Annotated[
    float | None,
    _option(
        "--retry-interval",
        variable="RETRY_INTERVAL",
        min=0,
        help="Seconds between attempts, in place of the usual growing pauses.",
    ),
]
PersistOption = Annotated[
    bool,
    typer.Option(
        "--persist/--no-persist",
        envvar="INNGEST_PERSIST",
        help="Keep the state in .mainstem/engine.db.",
    ),
]
FolderOption = Annotated[
    Path | None,
    _option("--sqlite-dir", variable="SQLITE_DIR", help="Folder that holds engine.db."),
]
RetentionOption = Annotated[
    str | None,
    typer.Option(
        "--retention",
        metavar="AGE",
        help="Forget runs that ended longer ago, such as 30d; everything is kept unless said.",
        show_default=False,
    ),
]
WorkersOption = Annotated[
    int | None,
    _option(
        "--queue-workers",
        variable="QUEUE_WORKERS",
        min=1,
        help="Calls that may be under way at once; 100 unless said otherwise.",
    ),
]
SigningKeyOption = Annotated[
    str | None,
    typer.Option(
        "--signing-key",
        metavar="KEY",
        help="Be a cloud-mode server with this key; --cloud takes INNGEST_SIGNING_KEY instead.",
        show_default=False,
    ),
]
EventKeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--event-key",
        metavar="KEY",
        help="In cloud mode, a key that events may come with; repeatable.",
        show_default=False,
    ),
]
ApiTokenOption = Annotated[
    str | None,
    typer.Option(
        "--api-token",
        envvar="MAINSTEM_ENGINE_TOKEN",
        metavar="TOKEN",
        help="What people and tools must show to ask the engine; needed beyond this machine.",
        show_default=False,
    ),
]
LogLevelOption = Annotated[
    str,
    typer.Option("--log-level", envvar="INNGEST_LOG_LEVEL", metavar="LEVEL", help="Log from here."),
]
JsonLogsOption = Annotated[
    bool, _option("--json", variable="JSON", help="Write logs as JSON lines.")
]
TickOption = Annotated[int | None, _option("--tick", variable="TICK", hidden=True)]
GatewayPortOption = Annotated[
    int | None, _option("--connect-gateway-port", variable="CONNECT_GATEWAY_PORT", hidden=True)
]
NoUiOption = Annotated[bool, _option("--no-ui", variable="NO_UI", hidden=True)]
