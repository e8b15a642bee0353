"""Two captures of one repository, row by row: the one under fire, and a quiet one at the end."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import select

from mainstem.store import Database, tables

__all__ = ["differences"]

Row = Mapping[str, Any]

_OWN_TIMES = {
    "row_synced_at",
    "first_seen_at",
    "details_synced_at",
    "last_synced_at",
    "read_up_to",
}
_TABLES = ("pull_requests", "reviews", "comments", "issues")
# Who wrote something is not forgotten because the account is gone: no list tells of that.
_WHO = {
    "author_id": "author_id",
    "author_login": "author_id",
    "author_type": "author_id",
    "merged_by_id": "merged_by_id",
    "merged_by_login": "merged_by_id",
}
_LISTS = {"assignees", "requested_reviewers"}
_PARENT = "in_reply_to_github_id"


def differences(fired: Database, truth: Database, gone: Mapping[int, str]) -> list[str]:
    """Every way in which what was captured under fire is not the truth, in words.

    What is not in the truth must be marked as deleted, and all else equal, but for our own times.
    `gone` are the accounts that were deleted, with their logins: what they wrote may still name
    them.
    """
    lost = {_person(database, number) for database in (fired, truth) for number in gone} - {None}
    logins = set(gone.values())
    found: list[str] = []
    for table in _TABLES:
        found += _compare(table, _rows(fired, table), _rows(truth, table), lost, logins)
    people, known = _rows(truth, "contributors"), _rows(fired, "contributors")
    for key, row in people.items():
        if row != known.get(key):
            found.append(f"contributors {key}: {known.get(key)}, not {row}")
    return found


def _compare(
    table: str,
    mine: Mapping[Any, Row],
    theirs: Mapping[Any, Row],
    lost: Collection[Any],
    logins: Collection[str],
) -> Iterator[str]:
    # REST names what a comment answers when that is gone, GraphQL does not.
    there = {number for number, _ in theirs}
    orphaned = {row.get(_PARENT) for row in (*mine.values(), *theirs.values())} - there
    for number, row in theirs.items():
        here = mine.get(number)
        if here is None:
            yield f"{table} {number}: missing"
            continue
        for key, value in row.items():
            known = here[key]
            if key in _LISTS and known is not None:
                known = [login for login in known if login not in logins or login in (value or ())]
            if known == value or (key in _WHO and here[_WHO[key]] in lost):
                continue
            if key == _PARENT and {known, value} <= {None, *orphaned}:
                continue
            yield f"{table} {number} {key}: {here[key]!r}, not {value!r}"
    for number in mine.keys() - theirs.keys():
        if mine[number]["deleted_at"] is None:
            yield f"{table} {number}: is not at GitHub and not marked as deleted"


def _rows(database: Database, table: str) -> dict[Any, Row]:
    found = tables.metadata.tables[table]
    return {
        (row["github_id"], row.get("comment_type")): {
            key: value for key, value in row.items() if key not in _OWN_TIMES
        }
        for row in database.read(lambda conn: list(conn.execute(select(found)).mappings()))
    }


def _person(database: Database, number: int) -> Any:
    people = tables.contributors
    question = select(people.c.id).where(people.c.github_id == number)
    return database.read(lambda conn: conn.execute(question).scalar_one_or_none())
