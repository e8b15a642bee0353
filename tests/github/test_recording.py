"""A whole recorded repository, compared with the recording's own files."""

import json
import lzma
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mainstem.github import GitHub
from mainstem.simulate import World, simulated_github

from .walks import bundles, issue_bundles

OWNER, NAME = "bitcoin-core", "secp256k1"


def recorded(folder: Path, *names: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name in names:
        with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8", newline="\n") as file:
            rows.extend(json.loads(line) for line in file)
    return rows


@pytest.mark.recording
async def test_every_recorded_id_is_found_once(shared: Path, recording: World) -> None:
    folder = shared / "secp256k1"
    async with simulated_github(recording) as served, GitHub(base_url=served.url) as github:
        pulls = await bundles(github, OWNER, NAME)
        issues = await issue_bundles(github, OWNER, NAME)
    comments = [one for bundle in pulls for one in bundle.comments]
    comments += [one for bundle in issues for one in bundle.comments]
    found = {
        "pulls": Counter(bundle.pull.id for bundle in pulls),
        "issues": Counter(bundle.issue.id for bundle in issues),
        "reviews": Counter(review.id for bundle in pulls for review in bundle.reviews),
        "issue_comments": Counter(c.id for c in comments if c.kind == "issue_comment"),
        "review_comments": Counter(c.id for c in comments if c.kind == "review_comment"),
    }
    for name, ids in found.items():
        files = ("reviews", "reviews_from_replies") if name == "reviews" else (name,)
        assert ids == Counter(row["id"] for row in recorded(folder, *files)), name
    assert not any(bundle.gaps for bundle in pulls), "a list was not read to its end"


@pytest.mark.recording
async def test_recorded_comments_keep_their_reviews_and_parents(
    shared: Path, recording: World
) -> None:
    rows = recorded(shared / "secp256k1", "review_comments")
    busiest, _ = Counter(row["_number"] for row in rows).most_common(1)[0]
    async with simulated_github(recording) as served, GitHub(base_url=served.url) as github:
        bundle = await github.pull_bundle(OWNER, NAME, busiest)
    keys = ("id", "pull_request_review_id", "in_reply_to_id", "position", "line", "path")
    expected = {tuple(row[key] for key in keys) for row in rows if row["_number"] == busiest}
    assert expected == {
        (said.id, said.review_id, said.in_reply_to_id, said.position, said.line, said.path)
        for said in bundle.comments
        if said.kind == "review_comment"
    }
