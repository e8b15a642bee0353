"""What happens to the repository while it is read: one thing at a time, drawn from a seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from mainstem.simulate import Repository, World, changes

__all__ = ["Hands"]


@dataclass(slots=True)
class Hands:
    """Those who work at GitHub while we read. `moment` says the server's time, as GitHub's text."""

    world: World
    rng: Random
    moment: Callable[[], str]
    left: int
    #: Accounts that were deleted on the way, with their logins.
    gone: dict[int, str] = field(default_factory=dict)

    @property
    def home(self) -> Repository:
        """The repository that is captured."""
        return self.world.repository

    def act(self) -> None:
        """Do one thing, if any are left to do."""
        if self.left <= 0:
            return
        self.left -= 1
        self.rng.choice(_DEEDS)(self)

    def user(self) -> int:
        """Somebody with an account."""
        people = [number for number, row in self.world.users.items() if row["type"] == "User"]
        return self.rng.choice(sorted(people))

    def pull(self) -> int:
        """The number of some pull request."""
        return self.rng.choice(sorted(self.home.pulls))

    def issue(self) -> int:
        """The number of some issue; of a new one if there is none."""
        if not self.home.issues:
            changes.open_issue(self.home, "Ebb", user=self.user(), at=self.moment())
        return self.rng.choice(sorted(self.home.issues))

    def one_of(self, kind: str) -> int | None:
        """The id of some review or comment; None if there is none."""
        ids = sorted(self.home.by_id(kind))
        return self.rng.choice(ids) if ids else None

    def words(self) -> str:
        """A text that was never there before."""
        return f"Tide {self.rng.random():.9f}"


def _comment_on_pull(at: Hands) -> None:
    changes.add_comment(at.home, at.pull(), at.words(), user=at.user(), at=at.moment())


def _comment_on_issue(at: Hands) -> None:
    changes.add_comment(at.home, at.issue(), at.words(), user=at.user(), at=at.moment())


def _review(at: Hands) -> None:
    changes.add_review(at.home, at.pull(), user=at.user(), body=at.words(), at=at.moment())


def _comment_on_diff(at: Hands) -> None:
    changes.add_review_comment(at.home, at.pull(), at.words(), user=at.user(), at=at.moment())


def _retitle(at: Hands) -> None:
    changes.edit_item(at.home, at.pull(), title=at.words(), at=at.moment())


def _close_issue(at: Hands) -> None:
    changes.close(at.home, at.issue(), at=at.moment())


def _merge(at: Hands) -> None:
    # What is merged is never merged again, by somebody else.
    there = sorted(number for number, row in at.home.pulls.items() if row["state"] == "open")
    if there:
        number = at.rng.choice(there)
        changes.close(at.home, number, merged_by=at.user(), at=at.moment())


def _open_pull(at: Hands) -> None:
    changes.open_pull(at.home, at.words(), user=at.user(), at=at.moment())


def _open_issue(at: Hands) -> None:
    changes.open_issue(at.home, at.words(), user=at.user(), at=at.moment())


def _edit_comment(at: Hands) -> None:
    found = at.one_of("issue_comments")
    if found is not None:
        changes.edit_comment(at.home, found, at.words(), at=at.moment())


def _edit_diff_comment(at: Hands) -> None:
    found = at.one_of("review_comments")
    if found is not None:
        changes.edit_comment(at.home, found, at.words(), kind="review_comments", at=at.moment())


def _dismiss(at: Hands) -> None:
    found = at.one_of("reviews")
    if found is not None:
        changes.dismiss_review(at.home, found, at=at.moment())


def _draft(at: Hands) -> None:
    changes.convert_to_draft(at.home, at.pull(), at=at.moment())


def _force_push(at: Hands) -> None:
    changes.force_push(at.home, at.pull(), at=at.moment())


def _label(at: Hands) -> None:
    changes.label(at.home, at.pull(), "tidal", at=at.moment())


def _delete_comment(at: Hands) -> None:
    found = at.one_of("issue_comments")
    if found is not None:
        changes.delete_comment(at.home, found)


def _delete_diff_comment(at: Hands) -> None:
    found = at.one_of("review_comments")
    if found is not None:
        changes.delete_comment(at.home, found, kind="review_comments")


def _delete_issue(at: Hands) -> None:
    if len(at.home.issues) > 1:
        changes.delete_issue(at.home, at.issue())


def _delete_account(at: Hands) -> None:
    user = at.user()
    if user != at.home.record["owner"]:
        at.gone[user] = at.world.users[user]["login"]
        changes.delete_account(at.world, user)


def _burst(at: Hands) -> None:
    """Several things within one second."""
    moment, user = at.moment(), at.user()
    for number in {at.pull() for _ in range(5)}:
        changes.add_comment(at.home, number, at.words(), user=user, at=moment)


_DEEDS: tuple[Callable[[Hands], None], ...] = (
    _comment_on_pull, _comment_on_pull, _comment_on_issue, _review, _review, _comment_on_diff,
    _comment_on_diff, _retitle, _close_issue, _merge, _open_pull, _open_issue, _edit_comment,
    _edit_diff_comment, _dismiss, _draft, _force_push, _label, _delete_comment,
    _delete_diff_comment, _delete_issue, _delete_account, _burst,
)  # fmt: skip
