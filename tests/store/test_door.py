"""What the room offers, and that ids are what they were."""

from uuid import UUID

import mainstem.store
from mainstem.store import ids


def test_the_door_lists_what_it_imports() -> None:
    offered = set(mainstem.store.__all__)
    assert offered <= set(dir(mainstem.store))
    assert {"Database", "Written", "ids", "tables", "expect_one"} <= offered


def test_every_writer_and_row_type_is_at_the_door() -> None:
    writers = {name for name in mainstem.store.__all__ if name.startswith("save_")}
    assert {f"save_{name}" for name in ("repositories", "contributors", "pull_requests")} <= writers
    assert {f"save_{name}" for name in ("reviews", "comments", "issues")} <= writers


def test_ids_never_change() -> None:
    assert ids.repository_id(1) == UUID("249f8b95-f502-5093-998a-b24946f37feb")
    assert ids.pull_request_id(1, 3000) == UUID("bda50883-c516-5004-8285-4ba36c8183b1")


def test_ids_of_different_things_differ() -> None:
    numbered = [
        ids.repository_id(1),
        ids.contributor_id(1),
        ids.review_id(1),
        ids.comment_id(1, "issue_comment"),
        ids.comment_id(1, "review_comment"),
        ids.pull_request_id(1, 1),
        ids.issue_id(1, 1),
    ]
    assert len(set(numbered)) == len(numbered)
