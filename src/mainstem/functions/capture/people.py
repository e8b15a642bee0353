"""One login for one bot, whichever way we read it.

REST calls an app's account by its login, GraphQL by the app's slug; usually the login is the slug
with `[bot]` behind it, not always. REST's login is the canonical one, so that both paths store the
same row. People have one login on both paths.

https://docs.github.com/en/graphql/reference/objects#bot
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from mainstem.functions.services import Services
from mainstem.github import Account, NotFound
from mainstem.store import tables


async def canonical_logins(
    services: Services, accounts: Iterable[Account | None]
) -> Mapping[int, str]:
    """REST's logins of the bots among `accounts`, by id.

    A bot that is stored has its canonical login there; a new one costs one request, once. An
    account that REST does not know keeps the login that it came with.
    """
    bots = {a.id: a.login for a in accounts if a and a.id is not None and a.type == "Bot"}
    if not bots:
        return {}
    known = await services.database.run_read(stored_logins, sorted(bots))
    for number in sorted(bots.keys() - known.keys()):
        try:
            found = await services.github.account(number)
        except NotFound:
            continue
        known[number] = found.login
    return known


def stored_logins(conn: Connection, github_ids: Sequence[int]) -> dict[int, str]:
    """The stored logins of accounts, by GitHub's id."""
    people = tables.contributors
    question = select(people.c.github_id, people.c.username).where(
        people.c.github_id.in_(github_ids)
    )
    return {row.github_id: row.username for row in conn.execute(question)}
