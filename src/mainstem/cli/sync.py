"""`mainstem sync`: have endpoints register, and wait until the server holds their functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import JsonOption, VerboseOption

if TYPE_CHECKING:
    from mainstem.registration import Synced
    from mainstem.settings import Settings


def sync(
    urls: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="URL",
            help="Endpoints; by default the one that the settings would serve.",
            show_default=False,
        ),
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the server.")
    ] = 30,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Register endpoints with the environment's server, and see that it holds their functions.

    Run it after each deployment; `mainstem verify` then compares in detail.
    """
    import asyncio

    from mainstem.cli.output import print_json
    from mainstem.cli.start import log_for_work, read_settings
    from mainstem.registration import SyncFailed
    from mainstem.registration import sync as register
    from mainstem.settings import without_password

    settings = read_settings()
    log_for_work(settings, verbose=verbose)
    chosen = urls or [default_url(settings)]
    try:
        synced = asyncio.run(register(settings, chosen, wait_s=wait))
    except SyncFailed as failed:
        if json:
            told = {"url": failed.url, "code": failed.code, "message": str(failed)}
            print_json({"ok": False, "server": without_password(settings.api_origin),
                        "synced": [], "failed": told})  # fmt: skip
        raise
    if json:
        print_json({"ok": True, "server": without_password(settings.api_origin), "synced": synced})
        return
    for one in synced:
        for line in lines(one, without_password(settings.api_origin)):
            typer.echo(line)


def default_url(settings: Settings) -> str:
    """Where an endpoint of these settings is: at its public origin, else on this machine."""
    host = "127.0.0.1" if settings.serve_host in {"0.0.0.0", "::"} else settings.serve_host  # noqa: S104
    origin = settings.serve_origin or f"http://{host}:{settings.serve_port}"
    return origin.rstrip("/") + settings.serve_path


def lines(synced: Synced, server: str) -> list[str]:
    """What is said about an endpoint that was registered."""
    app = synced.app_id or "unknown"
    if synced.functions is None:
        said = f"{synced.url} says that it registered with {server}; that cannot be confirmed."
        return [said, f"  {synced.note}"]
    news = {True: "", False: " Nothing was new.", None: ""}[synced.is_modified]
    number = len(synced.functions)
    count = "1 function" if number == 1 else f"{number} functions"
    return [
        f"Registered {synced.url} with {server}: app {app}, {count}.{news}",
        *(f"  {name}" for name in synced.functions),
    ]
