"""A recording is served whole, and a damaged one is refused in one clear line."""

import json
import lzma
from pathlib import Path
from typing import Any

import httpx
import pytest

from mainstem.simulate import SimulateError, World, load_recording, simulated_github

from .walks import ask, walk

FILES = [
    *("users", "pulls", "reviews", "reviews_from_replies", "review_comments"),
    *("issues", "issue_comments", "commits", "timeline_events"),
]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A recording of one pull request, whose texts hold a line separator that ends no row."""
    home = tmp_path / "backups" / "recorded"
    home.mkdir(parents=True)
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in FILES}
    rows["users"] = [{"id": 1, "login": "ann", "type": "User"}]
    branch = {"ref": "main", "sha": "a" * 40}
    rows["pulls"] = [
        {
            "id": 5_000_000_000,
            "number": 1,
            "title": "a\u2028b",
            "state": "open",
            "user": 1,
            "head": branch,
            "base": branch,
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-02T00:00:00Z",
        }
    ]
    rows["reviews_from_replies"] = [
        {"id": 9, "user": 1, "state": "COMMENTED", "submitted_at": "2026-01-01T00:00:00Z"}
        | {"_number": 1, "_comments": [3]}
    ]
    record = {"id": 2, "full_name": "o/r", "name": "r", "owner": 1, "default_branch": "main"}
    record |= {"updated_at": "2026-01-02T00:00:00Z"}
    (home / "repository.json").write_text(json.dumps(record))
    for name, many in rows.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in many)
        (home / f"{name}.jsonl.xz").write_bytes(lzma.compress(text.encode()))
    return home


def test_rows_end_with_a_line_feed_and_nothing_else(small: Path) -> None:
    home = load_recording(small).repository
    assert home.pulls[1]["title"] == "a\u2028b"
    assert [row["id"] for row in home.reviews_of(1)] == [9]


async def test_rows_with_absent_keys_are_served_as_null(small: Path) -> None:
    async with (
        simulated_github(load_recording(small)) as served,
        httpx.AsyncClient(base_url=served.url) as http,
    ):
        pull = (await http.get("/repos/o/r/pulls/1")).json()
        query = """{repository(owner:"o",name:"r"){pullRequest(number:1){
            body mergedBy{login} milestone{title} reviewDecision}}}"""
        answer = await ask(http, query)
    assert (pull["body"], pull["merged_by"], pull["head"]["repo"]) == (None, None, None)
    pull = answer["data"]["repository"]["pullRequest"]
    assert pull == {"body": "", "mergedBy": None, "milestone": None, "reviewDecision": None}


def test_folder_above_a_recording_is_as_good(small: Path) -> None:
    assert load_recording(small.parent.parent).repository.full_name == "o/r"


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimulateError, match=r"there is no folder '.*/nowhere'"):
        load_recording(tmp_path / "nowhere")


def test_folder_without_a_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimulateError, match=r"holds no repository\.json and none below"):
        load_recording(tmp_path)


def test_folder_with_two_recordings_asks_which(small: Path) -> None:
    for name in ("first", "second"):
        (small / name).mkdir()
        (small / name / "repository.json").write_text("{}")
    for name in ("repository.json", "pulls.jsonl.xz"):
        (small / name).unlink()
    with pytest.raises(SimulateError, match=r"found '.*first', '.*second'"):
        load_recording(small)


@pytest.mark.parametrize("name", [f"{name}.jsonl.xz" for name in FILES] + ["repository.json"])
def test_missing_file_is_named(small: Path, name: str) -> None:
    (small / name).unlink()
    with pytest.raises(SimulateError, match=rf"/{name}' is missing") as caught:
        load_recording(small)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (lzma.compress(b'{"number":1}\n' * 9)[:-30], r"line \d+: the archive cannot be read on"),
        (b"no archive", "line 1: the archive cannot be read on"),
        (lzma.compress(b'{"number":1}\n{"num'), "line 2: not JSON"),
        (lzma.compress(b'{"number":1}\n[]\n'), "line 2: expected an object with 'number'"),
        (lzma.compress(b'{"number":1}\n{"id":1}\n'), "line 2: expected an object with 'number'"),
        (lzma.compress(b'{"number":"\xff"}\n'), "line 1: the archive cannot be read on"),
    ],
)
def test_damaged_file_is_named_with_its_line(small: Path, content: bytes, told: str) -> None:
    (small / "pulls.jsonl.xz").write_bytes(content)
    with pytest.raises(SimulateError, match=rf"/pulls\.jsonl\.xz', {told}") as caught:
        load_recording(small)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "line 1: not JSON"),
        (b"[]", "line 1: expected an object with id"),
        (b"\xff", "line 1: the file cannot be read"),
        (b'{"id":2,"full_name":"o/r","owner":7}', "names owner 7, who is not in users"),
    ],
)
def test_damaged_repository_record_is_named(small: Path, content: bytes, told: str) -> None:
    (small / "repository.json").write_bytes(content)
    with pytest.raises(SimulateError, match=rf"/repository\.json'?,? {told}"):
        load_recording(small)


# -- the recorded repository itself: everything in its files can be had over HTTP ------------------


def rows_in(shared: Path, name: str) -> list[dict[str, Any]]:
    with lzma.open(shared / "secp256k1" / f"{name}.jsonl.xz", "rt", newline="\n") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture
async def recorded(recording: World) -> object:
    async with (
        simulated_github(recording) as served,
        httpx.AsyncClient(base_url=served.url, timeout=30) as http,
    ):
        yield http


HOME = "/repos/bitcoin-core/secp256k1"


@pytest.mark.recording
@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("/pulls?state=all&per_page=100", ("pulls",)),
        ("/issues?state=all&per_page=100", ("pulls", "issues")),
        ("/pulls/comments?per_page=100", ("review_comments",)),
        ("/issues/comments?per_page=100&sort=updated&direction=desc", ("issue_comments",)),
    ],
)
async def test_repository_lists_hold_every_recorded_row(
    recorded: httpx.AsyncClient, shared: Path, path: str, files: tuple[str, ...]
) -> None:
    found = await walk(recorded, HOME + path)
    key = "number" if "number" in found[0] else "id"
    wanted = [row[key] for name in files for row in rows_in(shared, name)]
    assert sorted(row[key] for row in found) == sorted(wanted)


@pytest.mark.recording
async def test_longest_pull_requests_are_served_whole(
    recorded: httpx.AsyncClient, shared: Path
) -> None:
    for number in (558, 767):
        for path, files in (
            (f"/pulls/{number}/reviews", ("reviews", "reviews_from_replies")),
            (f"/pulls/{number}/comments", ("review_comments",)),
            (f"/issues/{number}/comments", ("issue_comments",)),
            (f"/pulls/{number}/commits", ("commits",)),
        ):
            found = await walk(recorded, f"{HOME}{path}?per_page=100")
            wanted = sum(
                row["_number"] == number for name in files for row in rows_in(shared, name)
            )
            assert len(found) == wanted, path


@pytest.mark.recording
async def test_graph_counts_every_recorded_row(recorded: httpx.AsyncClient, shared: Path) -> None:
    query = """query($after: String) {repository(owner: "bitcoin-core", name: "secp256k1") {
      issues(first: 1) {totalCount}
      pullRequests(first: 100, after: $after) {totalCount pageInfo {hasNextPage endCursor} nodes {
        reviews(first: 1) {totalCount} comments(first: 1) {totalCount} commits {totalCount}
        reviewThreads(first: 100) {totalCount nodes {comments(first: 1) {totalCount}}}}}}}"""
    counts = dict.fromkeys(("reviews", "comments", "commits", "reviewThreads"), 0)
    after, pulls, more = None, 0, True
    while more:
        home = (await ask(recorded, query, after=after))["data"]["repository"]
        page = home["pullRequests"]
        pulls += len(page["nodes"])
        for node in page["nodes"]:
            for name in counts:
                counts[name] += node[name]["totalCount"]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    reviews = len(rows_in(shared, "reviews")) + len(rows_in(shared, "reviews_from_replies"))
    on_pulls = {row["number"] for row in rows_in(shared, "pulls")}
    comments = sum(row["_number"] in on_pulls for row in rows_in(shared, "issue_comments"))
    threads = sum(row["in_reply_to_id"] is None for row in rows_in(shared, "review_comments"))
    assert counts == {
        "reviews": reviews,
        "comments": comments,
        "commits": len(rows_in(shared, "commits")),
        "reviewThreads": threads,
    }
    assert (pulls, home["issues"]["totalCount"]) == (len(on_pulls), len(rows_in(shared, "issues")))
