"""Things that happen in a repository while nobody looks, and how two captures of it compare."""

from collections.abc import Callable
from random import Random
from typing import Any

from mainstem.simulate import changes

from .house import House

Happening = Callable[[House, Random], object]


def _pull(house: House, rng: Random) -> int:
    return rng.choice(sorted(house.there.pulls))


def _issue(house: House, rng: Random) -> int:
    return rng.choice(sorted(house.there.issues))


def _some(house: House, rng: Random, kind: str) -> int | None:
    """The id of some review or comment; None if there is none."""
    ids = sorted(house.there.by_id(kind))
    return rng.choice(ids) if ids else None


def comment_on_pull(house: House, rng: Random) -> object:
    return changes.add_comment(house.there, _pull(house, rng), "Indeed.", user=house.user())


def comment_on_issue(house: House, rng: Random) -> object:
    return changes.add_comment(house.there, _issue(house, rng), "Leaking.", user=house.user())


def review(house: House, rng: Random) -> object:
    return changes.add_review(house.there, _pull(house, rng), user=house.user(), body="Good.")


def comment_on_diff(house: House, rng: Random) -> object:
    number = _pull(house, rng)
    return changes.add_review_comment(house.there, number, "Why?", user=house.user())


def retitle(house: House, rng: Random) -> object:
    return changes.edit_item(house.there, _pull(house, rng), title=f"Wharf {rng.random():.6f}")


def close_issue(house: House, rng: Random) -> object:
    return changes.close(house.there, _issue(house, rng))


def merge(house: House, rng: Random) -> object:
    return changes.close(house.there, _pull(house, rng), merged_by=house.user())


def open_pull(house: House, _rng: Random) -> object:
    return changes.open_pull(house.there, "A new quay", user=house.user())


def open_issue(house: House, _rng: Random) -> object:
    return changes.open_issue(house.there, "Fog", user=house.user())


def edit_comment(house: House, rng: Random) -> object:
    found = _some(house, rng, "issue_comments")
    return found and changes.edit_comment(house.there, found, f"Rather {rng.random():.6f}")


def edit_diff_comment(house: House, rng: Random) -> object:
    found = _some(house, rng, "review_comments")
    return found and changes.edit_comment(
        house.there, found, f"Rather {rng.random():.6f}", kind="review_comments"
    )


def dismiss(house: House, rng: Random) -> object:
    found = _some(house, rng, "reviews")
    return found and changes.dismiss_review(house.there, found)


def draft(house: House, rng: Random) -> object:
    return changes.convert_to_draft(house.there, _pull(house, rng))


def force_push(house: House, rng: Random) -> object:
    # Once each: here a second push would bring the first commit back.
    fresh = [n for n, row in sorted(house.there.pulls.items()) if not row.get("_pushed")]
    if not fresh:
        return None
    row = changes.force_push(house.there, rng.choice(fresh))
    row["_pushed"] = True
    return row


def label(house: House, rng: Random) -> object:
    return changes.label(house.there, _pull(house, rng), "tidal")


def minimise(house: House, rng: Random) -> object:
    found = _some(house, rng, "issue_comments")
    return found and changes.minimise_comment(house.there, found)


def delete_comment(house: House, rng: Random) -> object:
    found = _some(house, rng, "issue_comments")
    return found and changes.delete_comment(house.there, found)


def delete_diff_comment(house: House, rng: Random) -> object:
    found = _some(house, rng, "review_comments")
    return found and changes.delete_comment(house.there, found, kind="review_comments")


def delete_issue(house: House, rng: Random) -> object:
    return len(house.there.issues) > 1 and changes.delete_issue(house.there, _issue(house, rng))


TELLING: tuple[Happening, ...] = (
    comment_on_pull, comment_on_issue, review, comment_on_diff, retitle, close_issue, merge,
    open_pull, open_issue, edit_comment, edit_diff_comment, dismiss, draft, label, minimise,
)  # fmt: skip
"""Some list of GitHub's tells of each, or nothing that is stored has changed."""

FORCED: tuple[Happening, ...] = (force_push,)

UNTOLD: tuple[Happening, ...] = (delete_comment, delete_diff_comment, delete_issue)
"""No list tells of these: only counts do."""


def change_pulls(house: House, count: int) -> None:
    """Something happens to as many pull requests, and a little to issues: `count` in all."""
    rng = Random(count)
    there, user = house.there, house.user()
    numbers = rng.sample(sorted(there.pulls), count)
    for place, number in enumerate(numbers):
        if place % 4 == 0:
            changes.add_review_comment(there, number, "And here?", user=user)
        elif place % 4 == 1:
            changes.add_comment(there, number, "Ping.", user=user)
        elif place % 4 == 2:
            changes.add_review(there, number, user=user, body="Better.")
        else:
            changes.edit_item(there, number, title=f"Wharf {place}")
    for number in sorted(there.issues)[: min(3, count)]:
        changes.add_comment(there, number, "Still so.", user=user)


def live(house: House) -> dict[str, list[dict[str, Any]]]:
    """What is stored and there at GitHub, without times of ours.

    Whether a reply still names the comment that it answers, once that is gone, the two APIs do not
    agree upon.
    """
    found = {
        name: [row for row in rows if row.get("deleted_at") is None]
        for name, rows in house.what_github_said().items()
        if name != "contributors"
    }
    there = {row["github_id"] for row in found["comments"]}
    for row in found["comments"]:
        if row["in_reply_to_github_id"] not in there:
            row["in_reply_to_github_id"] = None
    return found


def people(house: House) -> dict[int, dict[str, Any]]:
    """Everybody that is stored, by GitHub's id."""
    return {row["github_id"]: row for row in house.what_github_said()["contributors"]}


def assert_same(house: House, fresh: House) -> None:
    """The two hold the same, row by row; the first may know people who wrote what is gone."""
    mine, theirs = live(house), live(fresh)
    for name, rows in theirs.items():
        assert [row["github_id"] for row in mine[name]] == [row["github_id"] for row in rows], name
        for one, other in zip(mine[name], rows, strict=True):
            differing = {key for key in other if one[key] != other[key]}
            assert not differing, (name, {key: (one[key], other[key]) for key in differing})
    known = people(house)
    assert {number: known.get(number) for number in people(fresh)} == people(fresh)
