"""A canary that came back: who answered it, and whether that is whom it was meant for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainstem.registration import CanaryBack, Comparison, Finding


def canary_findings(back: CanaryBack, app_id: str, comparison: Comparison) -> list[Finding]:
    """What is wrong with a canary that came back: that another deployment answered it.

    Of several endpoints each is an app of its own, and any of them may answer.
    """
    from mainstem.registration import Finding
    from mainstem.registration.sides import plain_url

    seen = {plain_url(one.url) for one in comparison.seen}
    apps = {app_id, *(one.app_id for one in comparison.seen)}
    is_elsewhere = bool(seen) and back.url is not None and plain_url(back.url) not in seen
    if not is_elsewhere and (back.app_id is None or back.app_id in apps):
        return []
    return [
        Finding(
            "error",
            "canary-elsewhere",
            "mainstem-canary",
            f"The canary was answered by app '{back.app_id}'"
            + (f" at {back.url}" if back.url else "")
            + ", which is not what was verified: it proves nothing of it.",
            "Register the endpoint that is meant with `mainstem sync`.",
        )
    ]


def canary_told(back: CanaryBack) -> str:
    """Who answered a canary, and when."""
    said = f"The canary came back after {back.seconds:.2f} seconds"
    if back.app_id is None:
        return f"{said}; which app answered it the server does not tell."
    if back.url is None:
        return f"{said} from app '{back.app_id}'; at which address the server does not tell."
    return f"{said} from app '{back.app_id}' at {back.url}."
