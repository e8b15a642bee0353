"""What every change needs: the row to change and the time it happens at."""

from datetime import datetime, timedelta

from mainstem.errors import SimulateError
from mainstem.simulate.world import Repository, Row

__all__ = ["item_of", "known", "next_moment", "pull_of", "updated"]


def next_moment(home: Repository) -> str:
    """One minute after the newest thing in the repository."""
    newest = datetime.fromisoformat(home.newest())
    return (newest + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def updated(home: Repository, item: Row, moment: str) -> None:
    """The item counts as updated then, and so does the repository."""
    item["updated_at"] = max(item["updated_at"], moment)
    home.record["updated_at"] = max(home.record["updated_at"], moment)
    home.changed(moment)


def item_of(home: Repository, number: int) -> Row:
    home.keep(number)
    row = home.pulls.get(number) or home.issues.get(number)
    if row is None:
        raise SimulateError(f"{home.full_name} has no pull request or issue {number} to change.")
    return row


def pull_of(home: Repository, number: int) -> Row:
    if number not in home.pulls:
        raise SimulateError(f"{home.full_name} has no pull request {number} to change.")
    home.keep(number)
    return home.pulls[number]


def known(home: Repository, kind: str, row_id: int) -> tuple[int, Row]:
    found: tuple[int, Row] | None = home.by_id(kind).get(row_id)
    if found is None:
        raise SimulateError(f"{home.full_name} has no {row_id} among its {kind} to change.")
    home.keep(found[0])
    kept: tuple[int, Row] = home.by_id(kind)[row_id]
    return kept
