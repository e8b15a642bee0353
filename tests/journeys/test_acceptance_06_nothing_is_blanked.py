"""Scenario 6: a later answer with fewer fields never blanks what is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mainstem.functions import PrDetailsRequested, RepositorySyncRequested
from mainstem.functions.capture import capture_pr_details, capture_repository_sync
from mainstem.simulate import changes, generate
from mainstem.store import ids, save_contributors

from .stage import NOW, Stage, stage

RECENTLY = "2026-07-01T09:00:00Z"


async def test_scenario_06_a_list_leaves_sizes_and_branches_as_they_are(tmp_path: Path) -> None:
    world = generate(6, 2)
    user = next(iter(world.users))
    made = changes.open_pull(world.repository, "Widen", user=user, at=RECENTLY)
    made |= {"additions": 12, "deletions": 3, "changed_files": 2, "commits": 4}
    async with stage(tmp_path / "s.db", world) as here:
        asked = PrDetailsRequested(repository_id=here.home, pr_number=made["number"])
        await here.run(capture_pr_details, asked)
        known = sizes_of(here, made["number"])
        await here.run(capture_repository_sync, RepositorySyncRequested(repository_id=here.home))
        assert sizes_of(here, made["number"]) == known
    assert known["additions"] == 12


async def test_scenario_06_a_capture_leaves_a_profile_as_it_is(tmp_path: Path) -> None:
    world = generate(6, 2)
    user, row = next(iter(world.users.items()))
    made = changes.open_pull(world.repository, "Widen", user=user, at=RECENTLY)
    profile: Any = {
        "id": ids.contributor_id(user),
        "github_id": user,
        "username": row["login"],
        "bio": "Reads charts.",
        "company": "Harbour",
    }
    async with stage(tmp_path / "s.db", world) as here:
        here.services.database.write(save_contributors, [profile], at=NOW)
        asked = PrDetailsRequested(repository_id=here.home, pr_number=made["number"])
        await here.run(capture_pr_details, asked)
        stored = next(one for one in here.rows("contributors") if one["github_id"] == user)
    assert (stored["bio"], stored["company"]) == ("Reads charts.", "Harbour")


def sizes_of(here: Stage, number: int) -> dict[str, Any]:
    kept = ("additions", "deletions", "changed_files", "commits", "base_branch", "head_branch")
    return {name: here.pull(number)[name] for name in kept}
