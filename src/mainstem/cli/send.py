"""`mainstem send`: one event, checked against its model, to the server of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import CatalogOption, JsonOption, VerboseOption

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainstem.catalog import EventData
    from mainstem.settings import Settings


def send(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event's name.")],
    data: Annotated[
        str, typer.Option("--data", metavar="JSON", help="The event's data, a JSON object.")
    ] = "{}",
    catalog: CatalogOption = None,
    json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Send one event, after checking its data against the event's model."""
    import asyncio

    from mainstem.cli.catalogs import chosen_application
    from mainstem.cli.output import print_json
    from mainstem.cli.start import log_for_work, read_settings

    settings = read_settings()
    log_for_work(settings, verbose=verbose)
    checked = checked_event(event, data, chosen_application(catalog, settings).catalog.events)
    ids = asyncio.run(_send(settings, checked))
    if json:
        print_json({"event": event, "ids": ids})
    else:
        typer.echo(f"Sent {event}: {', '.join(ids)}")


def checked_event(name: str, data: str, models: Mapping[str, type[EventData]]) -> EventData:
    """The event called `name` with `data` (JSON text), as the one of `models` its receivers use.

    Raises `UsageProblem` for a name no function answers to (with the nearest ones) and for text
    that is no JSON object, `BadEventData` for data that do not fit.
    """
    from mainstem.cli.outcome import UsageProblem

    if name not in models:
        raise UsageProblem(_unknown(name, sorted(models)))
    return models[name].from_wire(_json_object(data))


def _unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are: {', '.join(known)}."
    return f"Cannot send '{name}': no function answers to it. {hint}"


def _json_object(text: str) -> dict[str, Any]:
    import json

    from mainstem.cli.outcome import UsageProblem

    try:
        value = json.loads(text)
    except ValueError as error:
        raise UsageProblem(
            f"Cannot read --data: it is not JSON ({error}). Quote it for the shell, "
            """for example --data '{"owner": "octo", "repo": "hello"}'."""
        ) from error
    if not isinstance(value, dict):
        raise UsageProblem(
            f"Cannot read --data: expected a JSON object, found {type(value).__name__}."
        )
    return value


async def _send(settings: Settings, event: EventData) -> list[str]:
    from mainstem.catalog import client_sender
    from mainstem.cli.outcome import CommandFailed
    from mainstem.clients import client_for
    from mainstem.errors import MainstemError

    client = client_for(settings)
    try:
        return await client_sender(client)(event)
    except MainstemError:
        raise
    except Exception as error:
        # The SDK's errors have no public base, and for no answer at all it raises a bare Exception.
        raise CommandFailed(
            f"Cannot send '{event.event_name}' to {client.event_api_origin}: "
            f"{str(error) or type(error).__name__}. Is the server running (`mainstem dev`), and is "
            "the address right (`mainstem doctor`)?"
        ) from error
