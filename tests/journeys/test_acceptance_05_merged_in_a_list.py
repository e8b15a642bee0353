"""Scenario 5: a merged pull request that is first seen through the list endpoint is `merged`."""

from __future__ import annotations

from pathlib import Path

from mainstem.functions import RepositorySyncRequested
from mainstem.functions.capture import capture_repository_sync
from mainstem.simulate import changes, generate

from .stage import NOW, stage


async def test_scenario_05_a_merged_pull_request_from_a_list_is_merged(tmp_path: Path) -> None:
    world = generate(5, 2)
    user = next(iter(world.users))
    lately = NOW.strftime("%Y-%m-%dT%H:%M:%SZ").replace("T12", "T09")
    opened = changes.open_pull(world.repository, "Done", user=user, at=lately)["number"]
    changes.close(world.repository, opened, merged_by=user, at=lately.replace("T09", "T10"))
    async with stage(tmp_path / "s.db", world) as here:
        # Recent mode over REST stores what the list has, and asks for the details by events.
        await here.run(capture_repository_sync, RepositorySyncRequested(repository_id=here.home))
        stored = here.pull(opened)
        asked = here.github.log.as_json()["by_endpoint"]
    assert (stored["state"], stored["merged"]) == ("merged", True)
    assert stored["merged_at"] is not None
    assert not [endpoint for endpoint in asked if endpoint.endswith("/pulls/{number}")]
