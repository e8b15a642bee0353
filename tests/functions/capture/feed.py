"""Entries of GitHub's event feed, as the pretend GitHub is told to answer them."""

from datetime import datetime, timedelta
from typing import Any

from mainstem.simulate.faults import Fault

from .house import NOW, House, text_of

PATH = "/events?"


def entry(
    house: House, number: int, kind: str = "WatchEvent", *, actor: int | None = None
) -> dict[str, Any]:
    """The event of that number, `number` minutes before now; the actor defaults to some person."""
    who = house.world.users[actor if actor is not None else house.user()]
    payload: dict[str, Any] = {"action": "started"}
    if kind == "ForkEvent":
        fork = {"id": 9_000 + number, "full_name": f"{who['login']}/copy", "fork": True}
        payload = {"forkee": fork}
    return {
        "id": str(5_000_000_000 - number),
        "type": kind,
        "actor": {
            "id": who["id"],
            "login": who["login"],
            "display_login": who["login"],
            "gravatar_id": "",
            "url": f"https://api.github.com/users/{who['login']}",
            "avatar_url": "https://avatars.example/u",
        },
        "repo": {"id": house.there.id, "name": house.there.full_name, "url": ""},
        "payload": payload,
        "public": True,
        "created_at": text_of(at(number)),
    }


def at(number: int) -> datetime:
    """When the event of that number happened."""
    return NOW - timedelta(minutes=number)


def serve(house: House, *pages: list[dict[str, Any]], goes_on: bool = False) -> None:
    """The next requests for the feed get these pages; `goes_on`: the last one names another."""
    for place, page in enumerate(pages, start=1):
        has_next = goes_on or place < len(pages)
        address = f"{house.github.url}/repositories/{house.there.id}/events?per_page=100"
        link = {"link": f'<{address}&page={place + 1}>; rel="next"'} if has_next else {}
        house.github.faults.add(Fault(PATH, status=200, body=page, headers=link))
