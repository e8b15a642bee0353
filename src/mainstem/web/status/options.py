"""What the page needs besides the catalogue, and whether it may be shown at all."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from mainstem.errors import Problem, SettingsError
from mainstem.settings import Peer, Settings


@dataclass(frozen=True, slots=True)
class StatusPage:
    """A page that was asked for. Made by `status_page`.

    `endpoint` is the address of the functions where it is known, `notes` what reading the settings
    remarked. `token` guards the page; without one it answers only to this machine's own names.
    """

    endpoint: str | None = None
    notes: tuple[str, ...] = ()
    token: SecretStr | None = None
    peers: tuple[Peer, ...] = ()


def status_page(
    settings: Settings, *, endpoint: str | None = None, notes: Sequence[str] = ()
) -> StatusPage:
    """The page as `settings` have it.

    Raises `SettingsError` where others could read it: on a host that is not loopback, without a
    token.
    """
    if settings.status_token is None and not is_loopback(settings.serve_host):
        raise SettingsError(
            [
                Problem(
                    "MAINSTEM_STATUS_TOKEN",
                    f"it is not set, and the status page would be open to all who reach "
                    f"{settings.serve_host}",
                    "Set it to 16 or more signs that nobody guesses, or MAINSTEM_STATUS_PAGE=off.",
                )
            ],
            environment=str(settings.environment),
            decided_by=settings.decided_by,
        )
    return StatusPage(
        endpoint=endpoint,
        notes=tuple(notes),
        token=settings.status_token,
        peers=settings.status_peers,
    )


def is_loopback(host: str) -> bool:
    """Whether `host` is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("::1")
    (True, True, True)
    >>> is_loopback("0.0.0.0"), is_loopback("10.0.0.7"), is_loopback("example.test")
    (False, False, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
