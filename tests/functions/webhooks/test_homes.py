"""Repositories and installations: names, tracking, what is reached, what is captured then."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from mainstem.functions.services import Services
from mainstem.functions.webhooks import GithubWebhookReceived, handle_github_webhook
from mainstem.functions.webhooks.applying import apply_delivery
from mainstem.github import GitHub
from mainstem.store import (
    ids,
    is_reached,
    keep_delivery,
    load_tracking,
)
from mainstem.store.tables import installations
from mainstem.testing import run_handler

from .posting import House, post, stored

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

INSTALLATION = 957387
HELLO = 186853002


def examples(payloads: Path, event: str, action: str | None = None) -> list[dict[str, Any]]:
    found = json.loads((payloads / f"{event}.json").read_text())
    return [one for one in found if action is None or one["action"] == action]


def installed(*, at: int = 1557933591, **of: Any) -> dict[str, Any]:
    return {
        "id": INSTALLATION,
        "account": {"id": 21031067, "login": "Codertocat", "type": "User"},
        "repository_selection": "selected",
        "permissions": {"metadata": "read"},
        "created_at": 1557933591,
        "updated_at": at,
        "suspended_at": None,
    } | of


def named(number: int, name: str = "Codertocat/Hello-World") -> dict[str, Any]:
    return {"id": number, "full_name": name, "name": name.split("/")[1], "private": False}


async def install(house: House, *, at: int = 1557933591) -> Any:
    payload = {
        "action": "created",
        "repositories": [named(HELLO)],
        "installation": installed(at=at),
    }
    return await post(house.services, "installation", payload)


async def change(house: House, at: int, *, added: Any = (), removed: Any = ()) -> Any:
    payload = {
        "action": "added" if added else "removed",
        "repositories_added": list(added),
        "repositories_removed": list(removed),
        "installation": installed(at=at),
    }
    return await post(house.services, "installation_repositories", payload)


def reached(house: House, number: int = HELLO) -> bool:
    return house.database.read(is_reached, number, INSTALLATION)


def tracked(house: House, number: int = HELLO) -> bool | None:
    found = house.database.read(load_tracking, ids.repository_id(number))
    return None if found is None else found.tracking_enabled


async def test_an_installation_starts_the_capture_of_what_it_reaches(house: House) -> None:
    outcome = await install(house)
    assert outcome.discover == ("Codertocat/Hello-World",)
    assert reached(house)
    assert (await install(house)).discover == ()  # told twice under another GUID


async def test_the_first_delivery_of_a_reached_repository_makes_it_ours(
    house: House, payloads: Path
) -> None:
    await install(house)
    [opened] = examples(payloads, "pull_request", "opened")
    outcome = await post(
        house.services, "pull_request", opened | {"installation": {"id": INSTALLATION}}
    )
    assert (outcome.status, outcome.discover) == ("handled", ("Codertocat/Hello-World",))
    assert tracked(house) is True
    assert [row["title"] for row in house.rows("pull_requests")] == [
        "Update the README with new information."
    ]


async def test_what_an_installation_loses_is_no_longer_tracked_and_its_data_stay(
    house: House, payloads: Path
) -> None:
    await install(house)
    [opened] = examples(payloads, "pull_request", "opened")
    payload = opened | {"installation": {"id": INSTALLATION}}
    await post(house.services, "pull_request", payload)
    await change(house, 1557933700, removed=[named(HELLO)])
    assert (tracked(house), reached(house)) == (False, False)
    assert (await post(house.services, "pull_request", payload)).status == "ignored"
    assert house.count("pull_requests") == 1
    outcome = await change(house, 1557933800, added=[named(HELLO)])
    assert (tracked(house), outcome.discover) == (True, ("Codertocat/Hello-World",))


async def test_a_late_added_does_not_bring_back_what_was_removed(house: House) -> None:
    await install(house)
    await change(house, 1557933800, removed=[named(5, "Codertocat/Space")])
    outcome = await change(house, 1557933700, added=[named(5, "Codertocat/Space")])
    assert (outcome.discover, reached(house, 5)) == ((), False)


async def test_an_installation_that_ended_stays_so_when_its_beginning_comes_late(
    house: House,
) -> None:
    payload = {
        "action": "deleted",
        "repositories": [named(HELLO)],
        "installation": installed(at=1557933900),
    }
    await post(house.services, "installation", payload)
    assert (await install(house)).discover == ()
    assert not reached(house)
    assert house.rows("installations")[0]["status"] == "deleted"


async def test_a_suspended_installation_reaches_nothing_until_it_is_not(house: House) -> None:
    await install(house)
    suspended = installed(at=1557934000, suspended_at="2021-04-29T02:32:50Z")
    await post(house.services, "installation", {"action": "suspend", "installation": suspended})
    assert not reached(house)
    woken = installed(at=1557934001)
    await post(house.services, "installation", {"action": "unsuspend", "installation": woken})
    assert reached(house)


def repository(payloads: Path, action: str, **more: Any) -> dict[str, Any]:
    payload = examples(payloads, "repository", action)[0]
    return payload | {"repository": payload["repository"] | more}


async def keep_hello(house: House, payloads: Path) -> None:
    await install(house)
    [opened] = examples(payloads, "pull_request", "opened")
    await post(house.services, "pull_request", opened | {"installation": {"id": INSTALLATION}})


def hello(house: House) -> Any:
    return next(row for row in house.rows("repositories") if row["github_id"] == HELLO)


async def test_a_rename_and_a_move_keep_the_row_and_the_former_names(
    house: House, payloads: Path
) -> None:
    await keep_hello(house, payloads)
    renamed = repository(
        payloads, "renamed", id=HELLO, name="Harbour", full_name="Codertocat/Harbour",
        owner={"login": "Codertocat"}, updated_at="2030-01-01T00:00:00Z",
    )  # fmt: skip
    await post(house.services, "repository", renamed)
    moved = repository(
        payloads, "transferred", id=HELLO, name="Harbour", full_name="Port/Harbour",
        owner={"login": "Port"}, updated_at="2030-01-02T00:00:00Z",
    )  # fmt: skip
    await post(house.services, "repository", moved)
    row = hello(house)
    assert (row["owner"], row["name"], row["full_name"]) == ("Port", "Harbour", "Port/Harbour")
    assert row["former_names"] == [
        "Codertocat/Hello-World",
        "Codertocat/Harbour",
        "octocat/Harbour",
    ]
    # The rename once more, late: the name stays.
    await post(house.services, "repository", renamed)
    assert hello(house)["full_name"] == "Port/Harbour"


def hidden(payloads: Path, action: str = "privatized", *, second: int = 0) -> dict[str, Any]:
    at = f"2030-01-01T00:00:{second:02}Z"
    return repository(payloads, action, id=HELLO, private=True, updated_at=at)


def shown(payloads: Path, action: str = "publicized", *, second: int = 1) -> dict[str, Any]:
    at = f"2030-01-01T00:00:{second:02}Z"
    return repository(payloads, action, id=HELLO, private=False, updated_at=at)


async def test_a_hidden_repository_is_not_active_where_nobody_sees_it(
    house: House, payloads: Path
) -> None:
    await keep_hello(house, payloads)
    async with GitHub(base_url=house.github.url) as nobody:
        services = Services(house.database, nobody, house.clock)
        await post(services, "repository", hidden(payloads))
        assert (hello(house)["is_private"], hello(house)["is_active"]) == (True, False)
        await post(services, "repository", shown(payloads))
        assert (hello(house)["is_private"], hello(house)["is_active"]) == (False, True)
        ours = {"installation": {"id": INSTALLATION}}
        await post(services, "repository", hidden(payloads, second=2) | ours)
    assert (hello(house)["is_private"], hello(house)["is_active"]) == (True, True)


@pytest.mark.parametrize("action", ["privatized", "edited"])
async def test_a_private_repository_stays_active_where_a_token_may_read_it(
    house: House, payloads: Path, action: str
) -> None:
    await keep_hello(house, payloads)
    await post(house.services, "repository", hidden(payloads) | {"action": action})
    assert (hello(house)["is_private"], hello(house)["is_active"]) == (True, True)


async def test_a_deleted_repository_is_not_active_whatever_its_last_second_tells(
    house: House, payloads: Path
) -> None:
    await keep_hello(house, payloads)
    last = shown(payloads)
    await post(house.services, "repository", last | {"action": "deleted"})
    assert hello(house)["is_active"] is False
    await post(house.services, "repository", last | {"action": "archived"})
    assert hello(house)["is_active"] is False


def every_example(payloads: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each with the installation that it came through."""
    ours = {"installation": {"id": INSTALLATION}}
    return [
        (path.stem, one if path.stem.startswith("installation") else one | ours)
        for path in sorted(payloads.glob("*.json"))
        for one in json.loads(path.read_text())
    ]


async def test_each_real_payload_is_applied_or_acknowledged(house: House, payloads: Path) -> None:
    await keep_hello(house, payloads)

    def track_others(conn: Connection) -> None:
        """Whatever else the examples are about is reached too."""
        conn.execute(installations.update().values(repository_selection="all"))

    house.database.write(track_others)
    statuses: dict[str, set[str]] = {}
    for event, payload in every_example(payloads):
        outcome = await post(house.services, event, payload)
        statuses.setdefault(event, set()).add(outcome.status)
    kept = {event for event, found in statuses.items() if "handled" in found}
    assert kept == {
        "discussion", "discussion_comment", "fork", "installation", "installation_repositories",
        "issue_comment", "issues", "label", "milestone", "public", "pull_request",
        "pull_request_review", "pull_request_review_comment", "repository", "star",
    }  # fmt: skip
    assert {event for event in statuses if event not in kept} == {
        "commit_comment", "create", "delete", "github_app_authorization", "member", "meta", "ping",
        "pull_request_review_thread", "push", "release", "watch",
    }  # fmt: skip
    assert all(statuses[event] == {"ignored"} for event in statuses.keys() - kept)


async def test_an_answer_that_was_lost_is_given_again(house: House) -> None:
    payload = {"action": "created", "repositories": [named(HELLO)], "installation": installed()}
    delivery = stored("installation", payload, house.clock.now(), guid="a-guid-of-mine")
    house.database.write(keep_delivery, delivery)
    asked = GithubWebhookReceived(delivery_id="a-guid-of-mine", event="installation")
    result = await run_handler(
        handle_github_webhook, asked, house.services, lose=["apply-delivery"]
    )
    assert [sent.data["repo"] for sent in result.sent] == ["Hello-World"]


async def test_a_delivery_that_waits_says_again_which_repository_it_made_ours(
    house: House, payloads: Path
) -> None:
    await install(house)
    created = examples(payloads, "issue_comment", "created")[0]
    pull = created["issue"] | {"pull_request": {"merged_at": None}}
    payload = created | {"issue": pull, "installation": {"id": INSTALLATION}}
    outcome = await post(house.services, "issue_comment", payload, guid="a-guid-of-mine")
    assert (outcome.status, outcome.discover) == ("waiting", ("Codertocat/Hello-World",))
    assert await apply_delivery(house.services, "a-guid-of-mine") == outcome


async def test_the_function_sends_what_a_delivery_asks_for(house: House, payloads: Path) -> None:
    payload = {"action": "created", "repositories": [named(HELLO)], "installation": installed()}
    delivery = stored("installation", payload, house.clock.now(), guid="a-guid-of-mine")
    house.database.write(keep_delivery, delivery)
    asked = GithubWebhookReceived(delivery_id="a-guid-of-mine", event="installation")
    result = await run_handler(handle_github_webhook, asked, house.services)
    assert [(sent.name, sent.data["repo"], sent.data["history"]) for sent in result.sent] == [
        ("discover/repository.new", "Hello-World", "full")
    ]
    assert result.output.status == "handled"
