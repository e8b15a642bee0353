"""Who counts as a person, said once in SQL.

A row names its author by up to three things: our contributor row, the login and the account type
that GitHub gave. A deleted account leaves none of them: such a *ghost* stands for many people, so
what it wrote counts in totals and never as a person. Bots are stored like everybody and left out of
figures about people unless asked for (domain reference, section 5).
"""

from sqlalchemy import ColumnElement, FromClause, String, case, cast, func, not_, or_, true

from mainstem.store import tables

# The login half of the bot rule, for the authors that have no contributor row to carry the flag.
_BOT_LOGINS = ("dependabot", "renovate", "github-actions", "continue", "snyk")


def person_key(rows: FromClause) -> ColumnElement[str | None]:
    """What is equal for one person and different for two: the account, else the login.

    Logins change and differ between GitHub's two APIs; they are asked only where there is no
    account. Null for a ghost. `rows` has `author_id` and `author_login`.
    """
    return case(
        (rows.c.author_id.is_not(None), cast(rows.c.author_id, String)),
        (rows.c.author_login.is_not(None), "login:" + func.lower(rows.c.author_login)),
    )


def shown_login(rows: FromClause, people: FromClause) -> ColumnElement[str | None]:
    """The login to print: the account's present one, else the one on the row."""
    return func.coalesce(people.c.username, rows.c.author_login)


def is_known(rows: FromClause) -> ColumnElement[bool]:
    """Somebody in particular wrote this: not a ghost."""
    return or_(rows.c.author_id.is_not(None), rows.c.author_login.is_not(None))


def by_bot(rows: FromClause, people: FromClause) -> ColumnElement[bool]:
    """A machine wrote this. `people` is `contributors`, outer-joined on `author_id`."""
    login = func.lower(func.coalesce(rows.c.author_login, ""))
    return case(
        (people.c.id.is_not(None), people.c.is_bot),
        else_=or_(
            func.coalesce(rows.c.author_type, "") == "Bot",
            login.like("%[bot]"),
            login.like("%-bot"),
            login.in_(_BOT_LOGINS),
        ),
    )


def wanted(rows: FromClause, people: FromClause, *, include_bots: bool) -> ColumnElement[bool]:
    """Rows that figures about people's work look at: all, or all but the bots' (ghosts stay)."""
    return true() if include_bots else not_(by_bot(rows, people))


def with_people(rows: FromClause) -> FromClause:
    """`rows` beside the contributor who wrote each, where there is one."""
    people = tables.contributors
    return rows.outerjoin(people, people.c.id == rows.c.author_id)
