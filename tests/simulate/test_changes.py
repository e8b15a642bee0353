"""What happens between two captures shows in every list that GitHub would show it in."""

from typing import Any

import httpx
import pytest

from mainstem.simulate import SimulatedGitHub, SimulateError, World, changes, generate

from .walks import ask, walk

HOME = "/repos/riverside/harbour"


def newest(world: World) -> Any:
    """The pull request with the most review comments: changes to it touch every list."""
    home = world.repository
    return home.pulls[max(home.review_comments, key=lambda one: len(home.review_comments[one]))]


async def test_comment_is_listed_and_moves_its_pull_request_to_the_front(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home, number = github.world.repository, newest(github.world)["number"]
    comment = changes.add_comment(home, number, "A new remark.", user=None)
    listed = await walk(http, f"{HOME}/issues/comments?since={comment['created_at']}")
    assert [row["id"] for row in listed] == [comment["id"]]
    first = (
        await http.get(f"{HOME}/pulls?state=all&sort=updated&direction=desc&per_page=1")
    ).json()
    assert (first[0]["number"], first[0]["updated_at"]) == (number, comment["created_at"])
    pull = (await http.get(f"{HOME}/pulls/{number}")).json()
    assert pull["comments"] == len(home.issue_comments[number])


async def test_edited_comment_is_found_by_since_and_its_item_stays(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    comment = home.all_issue_comments()[0]
    before = (home.pulls | home.issues)[comment["_number"]]["updated_at"]
    edited = changes.edit_comment(home, comment["id"], "Other words.")
    listed = await walk(http, f"{HOME}/issues/comments?since={edited['updated_at']}")
    assert [(row["id"], row["body"]) for row in listed] == [(comment["id"], "Other words.")]
    assert (home.pulls | home.issues)[comment["_number"]]["updated_at"] == before


@pytest.mark.parametrize(
    ("kind", "path"), [("issue_comments", "issues"), ("review_comments", "pulls")]
)
async def test_deleted_comment_is_in_no_list(
    http: httpx.AsyncClient, github: SimulatedGitHub, kind: Any, path: str
) -> None:
    home = github.world.repository
    lists = {"issue_comments": home.all_issue_comments, "review_comments": home.all_review_comments}
    gone = lists[kind]()[-1]
    before = len(lists[kind]())
    changes.delete_comment(home, gone["id"], kind=kind)
    listed = await walk(http, f"{HOME}/{path}/comments?per_page=100")
    assert len(listed) == before - 1
    assert (await http.get(f"{HOME}/{path}/comments/{gone['id']}")).status_code == 404


async def test_reply_makes_a_review_and_joins_its_thread(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home, pull = github.world.repository, newest(github.world)
    number = pull["number"]
    root = home.threads_of(number)[0]
    threads = len(home.threads_of(number))
    reply = changes.add_review_comment(home, number, "Yes.", user=None, reply_to=root[0]["id"])
    fresh = changes.add_review_comment(home, number, "And here?", user=None)
    reviews = await walk(http, f"{HOME}/pulls/{number}/reviews?per_page=100")
    assert [row["id"] for row in reviews[-2:]] == [
        reply["pull_request_review_id"],
        fresh["pull_request_review_id"],
    ]
    assert reply in home.threads_of(number)[0]
    assert len(home.threads_of(number)) == threads + 1


async def test_review_drafts_have_no_time_and_dismissal_changes_in_place(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home, number = github.world.repository, newest(github.world)["number"]
    review = changes.add_review(home, number, user=None)
    draft = changes.add_review(home, number, user=None, state="PENDING")
    changes.edit_review(home, review["id"], state="DISMISSED")
    listed = await walk(http, f"{HOME}/pulls/{number}/reviews?per_page=100")
    shown = {row["id"]: row for row in listed}
    assert shown[draft["id"]]["submitted_at"] is None
    assert shown[review["id"]]["state"] == "DISMISSED"


async def test_new_items_are_numbered_on_and_can_be_closed_and_merged(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    home = github.world.repository
    user = next(iter(home.pulls.values()))["user"]
    last = max([*home.pulls, *home.issues])
    pull = changes.open_pull(home, "A new one", user=user, draft=True)
    issue = changes.open_issue(home, "A new question", user=user, body="Why?")
    changes.edit_item(home, pull["number"], draft=False, title="Ready")
    changes.close(home, pull["number"], merged_by=user)
    changes.close(home, issue["number"], at="2027-01-01T00:00:00Z")
    assert (pull["number"], issue["number"]) == (last + 1, last + 2)
    query = f"""{{repository(owner: "riverside", name: "harbour") {{
      pullRequest(number: {last + 1}) {{title state merged isDraft commits {{totalCount}}}}
      issue(number: {last + 2}) {{state closedAt}}}}}}"""
    shown = (await ask(http, query))["data"]["repository"]
    assert shown["pullRequest"] == {
        "title": "Ready",
        "state": "MERGED",
        "merged": True,
        "isDraft": False,
        "commits": {"totalCount": 1},
    }
    assert shown["issue"] == {"state": "CLOSED", "closedAt": "2027-01-01T00:00:00Z"}
    assert (await http.get(f"{HOME}/pulls/{last + 1}")).json()["merged"] is True


async def test_name_taken_by_another_repository_leads_to_that_one(
    http: httpx.AsyncClient, github: SimulatedGitHub
) -> None:
    world = github.world
    old = world.repository
    changes.rename_repository(world, old, "riverside/port")
    other = generate(8, 3).repository
    other.record["id"] = 700_000_000
    world.repositories.append(other)
    assert (await http.get(HOME)).json()["id"] == 700_000_000
    assert (await http.get(f"/repositories/{old.id}")).json()["full_name"] == "riverside/port"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda home: changes.add_comment(home, 9999, "x", user=None), "issue 9999"),
        (lambda home: changes.add_review(home, 9999, user=None), "pull request 9999"),
        (lambda home: changes.edit_comment(home, 1, "x"), "no 1 among its issue_comments"),
        (lambda home: changes.edit_review(home, 1), "no 1 among its reviews"),
    ],
)
def test_change_to_what_is_not_there_is_refused(world: World, change: Any, told: str) -> None:
    with pytest.raises(SimulateError, match=told):
        change(world.repository)
