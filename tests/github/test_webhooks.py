"""Deliveries are read as GitHub documents them, and nothing else is taken for one."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainstem.github import BadAnswer
from mainstem.github.webhooks import (
    BadDelivery,
    CommentTold,
    InstallationTold,
    IssueTold,
    NameTold,
    PullAsIssue,
    PullTold,
    RepositoryTold,
    ReviewTold,
    Signing,
    delivery_of,
    is_kept,
    read_delivery,
    read_told,
    verify,
)

GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
HEADERS = {"x-github-delivery": GUID, "x-github-event": "issues", "x-github-hook-id": "292430182"}

# GitHub's own check value.
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

# What is told and not kept, though other actions of the event are.
UNKEPT = {
    ("issues", "pinned"),
    ("issues", "unpinned"),
    ("label", "created"),
    ("label", "edited"),  # of the example, the colour
    ("milestone", "created"),
    ("milestone", "closed"),
    ("star", "deleted"),
}
ACKNOWLEDGED = {
    "commit_comment", "create", "delete", "github_app_authorization", "member", "meta", "ping",
    "pull_request_review_thread", "push", "release", "watch",
}  # fmt: skip


def examples(shared: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        path.stem: json.loads(path.read_text()) for path in (shared / "webhooks").glob("*.json")
    }


def told(event: str, payload: dict[str, Any]) -> Any:
    return read_told(delivery_of(GUID, event, None, payload))


def test_the_documented_signature_is_accepted() -> None:
    assert verify(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE.replace("sha256", "sha1"),
        SIGNATURE[:-1],
        SIGNATURE + "0",
        "sha256=" + "é" * 64,
    ],
)
def test_any_other_signature_is_refused(header: str | None) -> None:
    assert not verify(SECRET, BODY, header)


def test_one_changed_letter_of_the_body_is_refused() -> None:
    assert not verify(SECRET, b"Hello, World?", SIGNATURE)


def test_either_of_two_secrets_signs_while_one_takes_the_others_place() -> None:
    assert verify(["a new one", SECRET], BODY, SIGNATURE)
    assert not verify(["a new one", "another"], BODY, SIGNATURE)


def test_no_secret_opens_to_nobody() -> None:
    assert not verify([], BODY, SIGNATURE)
    assert not verify(
        "", b"", "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"
    )


def test_a_body_in_pieces_has_the_signature_of_the_whole() -> None:
    signing = Signing([SECRET])
    signing.update(BODY[:5])
    signing.update(BODY[5:])
    assert signing.matches(SIGNATURE)


def test_the_envelope_is_read_from_headers_and_body() -> None:
    body = json.dumps(
        {
            "action": "opened",
            "repository": {"id": 7, "full_name": "octo/harbour"},
            "installation": {"id": 9},
        }
    ).encode()
    found = read_delivery(HEADERS, body)
    assert (found.id, found.event, found.action) == (GUID, "issues", "opened")
    assert (found.hook_id, found.installation_id) == (292430182, 9)
    assert (found.repository_id, found.repository_name) == (7, "octo/harbour")


@pytest.mark.parametrize(
    ("headers", "body", "what"),
    [
        ({}, b"{}", "x-github-delivery is missing"),
        ({"x-github-delivery": "../../etc"}, b"{}", "x-github-delivery is not what GitHub sends"),
        ({"x-github-delivery": GUID}, b"{}", "x-github-event is missing"),
        (HEADERS, b"", "not JSON"),
        (HEADERS, b"payload=%7B%7D", "content type must be application/json"),
        (HEADERS, b"[" * 100_000, "not JSON"),
        (HEADERS, b'{"at": NaN}', "not JSON"),
        (HEADERS, b"\xff{}", "not JSON"),
        (HEADERS, b"[]", "not a JSON object"),
        (HEADERS, b'{"repository": {"id": "7", "full_name": "o/h"}}', "found text"),
        (HEADERS, b'{"installation": 5}', "found a number"),
        (HEADERS, b'{"action": 5}', "found a number"),
    ],
)
def test_what_is_no_delivery_is_refused_with_the_reason(
    headers: dict[str, str], body: bytes, what: str
) -> None:
    with pytest.raises(BadDelivery, match=what):
        read_delivery(headers, body)


def test_every_example_is_read_or_acknowledged(shared: Path) -> None:
    for event, payloads in examples(shared).items():
        assert is_kept(event) == (event not in ACKNOWLEDGED), event
        for payload in payloads:
            key = event, payload.get("action")
            is_unkept = event in ACKNOWLEDGED or key in UNKEPT
            assert (told(event, payload) is None) == is_unkept, key


def test_an_unknown_event_is_acknowledged() -> None:
    assert not is_kept("branch_protection_rule")
    assert told("branch_protection_rule", {"action": "created"}) is None


def test_a_payload_without_what_its_event_carries_is_named() -> None:
    with pytest.raises(BadAnswer, match=rf"delivery {GUID} \(pull_request\)"):
        told("pull_request", {"action": "opened", "pull_request": None})


def test_a_pull_request_is_whole_and_one_with_a_review_is_not(shared: Path) -> None:
    found = examples(shared)
    opened = told("pull_request", found["pull_request"][0])
    assert isinstance(opened, PullTold)
    assert (opened.is_first, opened.pull.number, opened.pull.additions) == (True, 2, 1)
    review = told("pull_request_review", found["pull_request_review"][0])
    assert isinstance(review, ReviewTold)
    assert (review.review.state, review.review.body, review.draft_known) == ("COMMENTED", "", False)
    assert not review.pull.additions


def test_a_milestone_on_a_pull_request_is_told_as_an_issues(shared: Path) -> None:
    payload = next(one for one in examples(shared)["issues"] if one["action"] == "demilestoned")
    found = told("issues", payload)
    assert isinstance(found, IssueTold)
    assert isinstance(found.issue, PullAsIssue)


def test_a_closed_pull_request_of_an_older_server_may_be_merged(shared: Path) -> None:
    payload = json.loads(json.dumps(examples(shared)["issue_comment"][0]))
    payload["issue"] |= {"state": "closed", "pull_request": {"url": "u"}}
    found = told("issue_comment", payload)
    assert isinstance(found, CommentTold)
    assert isinstance(found.parent, PullAsIssue)
    assert found.parent.state is None
    payload["issue"]["pull_request"] = {"merged_at": "2019-05-15T15:20:21Z"}
    assert told("issue_comment", payload).parent.state == "merged"


def test_a_new_name_and_a_new_owner_are_read_with_the_former(shared: Path) -> None:
    by_action = {one["action"]: told("repository", one) for one in examples(shared)["repository"]}
    assert isinstance(by_action["renamed"], RepositoryTold)
    assert by_action["renamed"].former_name == "Octocoders/Hello-World"
    assert by_action["transferred"].former_name == "octocat/Hello-World"
    assert by_action["edited"].former_name is None


def test_a_label_that_is_renamed_is_told_and_another_colour_is_not() -> None:
    payload = {"action": "edited", "label": {"name": "new"}, "changes": {"name": {"from": "old"}}}
    assert told("label", payload) == NameTold("label", "old", "new")
    assert told("label", payload | {"changes": {"color": {"from": "0"}}}) is None
    assert told("label", payload | {"action": "deleted"}) == NameTold("label", "new", None)


def test_an_installation_says_what_it_reaches_and_how_it_is(shared: Path) -> None:
    found = examples(shared)
    by_action = {one["action"]: told("installation", one) for one in found["installation"]}
    assert isinstance(by_action["created"], InstallationTold)
    assert [one.full_name for one in by_action["created"].added] == ["Codertocat/Hello-World"]
    assert by_action["suspend"].installation.status == "suspended"
    assert by_action["unsuspend"].installation.status == "active"
    assert by_action["deleted"].installation.status == "deleted"
    assert [one.full_name for one in by_action["deleted"].removed] == ["octocat/Hello-World"]
