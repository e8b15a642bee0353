"""The event feed: two kinds of event are read, and of each what is worth keeping."""

from typing import Any

import pytest

from mainstem.github import BadAnswer, RepositoryRef
from mainstem.github.events_feed import read_feed_event
from mainstem.github.payload import Fields


def entry(**more: Any) -> Fields:
    event = {
        "id": "42",
        "type": "WatchEvent",
        "actor": {"id": 7, "login": "ann", "avatar_url": ""},
        "repo": {"id": 9, "name": "own/repo"},
        "payload": {"action": "started"},
        "created_at": "2026-06-01T00:00:00Z",
    }
    return Fields(event | more, "an event")


def test_a_fork_names_the_new_repository() -> None:
    forkee = {"id": 11, "full_name": "ann/repo"}
    found = read_feed_event(entry(type="ForkEvent", payload={"forkee": forkee}))
    assert found is not None
    assert (found.kind, found.fork) == ("ForkEvent", RepositoryRef(11, "ann/repo"))


def test_an_empty_picture_is_none() -> None:
    found = read_feed_event(entry())
    assert found is not None
    assert found.actor is not None
    assert (found.actor.login, found.actor.avatar_url, found.fork) == ("ann", None, None)


@pytest.mark.parametrize("kind", ["PushEvent", "IssuesEvent", "SomethingNewEvent"])
def test_other_kinds_are_passed_over(kind: str) -> None:
    assert read_feed_event(entry(type=kind, payload={})) is None


def test_an_entry_of_another_shape_is_named() -> None:
    with pytest.raises(BadAnswer, match=r"'created_at' of event 42"):
        read_feed_event(entry(created_at=None))
