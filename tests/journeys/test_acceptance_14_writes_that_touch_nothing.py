"""Scenario 14: a write that touches no row where one is expected raises, and names the table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

import databases
from mainstem.functions import IssueCommentsRequested
from mainstem.functions.capture import capture_issue_comments
from mainstem.simulate import generate
from mainstem.store import (
    Database,
    NoRowWritten,
    close_aggregation,
    finish_sync_log,
    mark_metadata_refreshed,
    mark_synced,
    save_classification,
)

from .stage import NOW, stage

WRITES: dict[str, Callable[[Any], object]] = {
    "repositories, synced": lambda conn: mark_synced(conn, uuid4(), NOW),
    "repositories, refreshed": lambda conn: mark_metadata_refreshed(conn, uuid4(), NOW),
    "tracked_repositories": lambda conn: save_classification(
        conn, uuid4(), size="small", metrics={}, at=NOW
    ),
    "sync_logs": lambda conn: finish_sync_log(conn, uuid4(), "completed", at=NOW),
    "workspace_aggregation_queue": lambda conn: close_aggregation(
        conn, uuid4(), "completed", at=NOW
    ),
}


@pytest.mark.parametrize("name", WRITES)
def test_scenario_14_an_update_of_a_row_that_is_not_there_raises(tmp_path: Path, name: str) -> None:
    with (
        Database(databases.fresh(tmp_path / "s.db")) as database,
        pytest.raises(NoRowWritten, match=name.split(",", maxsplit=1)[0]),
    ):
        database.write(WRITES[name])


async def test_scenario_14_comments_of_an_issue_that_is_not_stored_are_refused(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path / "s.db", generate(14, 2)) as here:
        asked = IssueCommentsRequested(repository_id=here.home, issue_number=999_999)
        with pytest.raises(Exception, match="999999"):
            await here.run(capture_issue_comments, asked)
        assert here.rows("comments") == []
