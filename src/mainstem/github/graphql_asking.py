"""How a question is asked over GraphQL: judged, paid for, and asked again for less if too heavy."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .answers import Answer, Circumstances
from .errors import NotFound, RequestFailed, ResourceLimits, ServerTrouble
from .graphql_answers import data_of, graphql_verdict, points_of, too_heavy
from .payload import Fields
from .planner import NESTED_SIZE, THREAD_COMMENTS
from .queries import Query
from .transport import Ask, Transport
from .values import Effort
from .widths import narrower

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trial:
    """One try of a page: how many items of the list, and how many of each nested list."""

    page: int
    nested: int = NESTED_SIZE
    threads: int = 1
    thread_comments: int = THREAD_COMMENTS

    def narrower(self, safe: int | None) -> "Trial | None":
        """Fewer items; at a single one, its nested lists a tenth: the rest become gaps."""
        page = narrower(self.page, safe=safe)
        if page is not None:
            return Trial(page, self.nested, self.threads, self.thread_comments)
        if max(self.nested, self.threads, self.thread_comments) == 1:
            return None
        return Trial(1, max(1, self.nested // 10), 1, max(1, self.thread_comments // 10))


@dataclass(slots=True)
class Account:
    """What the tries of one question took: the points of all, the seconds of the last.

    `narrows`: there is a narrower try to come, if this one is too heavy.
    """

    points: int = 0
    seconds: float = 0.0
    narrows: bool = False

    def take(self, answer: Answer) -> None:
        """Note an answer, whatever it says."""
        self.points += points_of(answer)
        self.seconds = answer.seconds


class GraphQLAsking:
    """The machinery behind every GraphQL call."""

    _transport: Transport

    async def _narrowing(
        self,
        fetch: Callable[[Trial, Account], Awaitable[T]],
        trial: Trial,
        *,
        safe: int | None = None,
    ) -> tuple[T, Effort]:
        """What `fetch` gives, at the first width at which GitHub has time for it."""
        refused: int | None = None
        account = Account()
        while True:
            smaller = trial.narrower(safe)
            account.narrows = smaller is not None
            try:
                found = await fetch(trial, account)
            except ResourceLimits:
                refused = trial.page
                if smaller is None:
                    raise
                trial = smaller
                continue
            return found, Effort(trial.page, account.seconds, refused, account.points)

    async def _ask(
        self,
        query: Query,
        variables: Mapping[str, Any],
        about: str,
        *,
        points: int = 1,
        missing_is_fine: bool = False,
        account: Account | None = None,
        repository: tuple[str, str] | None = None,
        narrows: bool = False,
    ) -> Fields:
        """The answer's `data`. `points` is what it is expected to cost.

        `narrows`, or an account that says so: the caller asks for less if this is too much.

        `repository` says whose credential it needs, where the variables do not.

        `missing_is_fine` takes null for things that are gone: each was asked for by its id.
        """

        def judge(answer: Answer, asked: Circumstances) -> RequestFailed | None:
            self._transport.ledger.spent(query.name, points_of(answer))
            if account is not None:
                account.take(answer)
            return graphql_verdict(answer, asked, missing_is_fine=missing_is_fine)

        payload = {"query": query.text, "variables": variables, "operationName": query.name}
        ask = Ask(
            "graphql",
            self._transport.graphql_url,
            about,
            judge,
            payload,
            points,
            repository=repository,
            narrows=narrows or (account is not None and account.narrows),
        )
        try:
            answer = await self._transport.send(ask)
        except ServerTrouble as error:
            if error.perhaps_heavy:
                # GitHub ends what takes it longer than ten seconds with just these answers.
                raise too_heavy(about, error.found) from error
            raise
        return data_of(answer, about)


def there(of: Fields, key: str, about: str) -> Fields:
    """The object at `key`. Raises `NotFound` when it is null."""
    value = of.child_or_none(key)
    if value is None:
        raise NotFound(
            about, f"'{key}' is null", "Check the spelling and what the token may see.", status=200
        )
    return value


def following(listed: Fields) -> str | None:
    """Where a connection goes on; None at its end."""
    info = listed.child("pageInfo")
    return info.text("endCursor") if info.flag("hasNextPage") else None
