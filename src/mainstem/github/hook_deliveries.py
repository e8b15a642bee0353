"""What a webhook sent and how it was answered, and the repeating of a delivery that was missed.

GitHub tries once. For three days it tells what it sent, and sends it again when asked; a redelivery
has the GUID of the first. https://docs.github.com/en/rest/apps/webhooks,
https://docs.github.com/en/rest/repos/webhooks
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .addresses import below_base, repository_path
from .links import next_link
from .payload import rows
from .transport import Transport

MOST_PAGES: Final = 20
"""Of a hundred deliveries each; a hook that is busier than that is left to the reconciliation."""
MOST_ATTEMPTS: Final = 5
"""A delivery that failed so often is not asked for again."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A repository's webhook; with all of it None, the one of the App that the client is."""

    id: int | None = None
    owner: str | None = None
    name: str | None = None

    @property
    def label(self) -> str:
        """Which one it is, in words."""
        return "the App's webhook" if self.id is None else f"webhook {self.id} of {self.where}"

    @property
    def where(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, slots=True)
class HookAttempt:
    """One time that GitHub sent a delivery. `id` is the attempt's, `guid` the delivery's."""

    id: int
    guid: str
    delivered_at: datetime
    was_taken: bool


class HookCalls:
    """What is asked about webhooks. Raises `RequestFailed` in its kinds."""

    _transport: Transport

    @property
    def is_app(self) -> bool:
        """Whether the client is a GitHub App, which has a webhook of its own."""
        return self._transport.app is not None

    async def hook_attempts(self, hook: Hook, *, since: datetime) -> list[HookAttempt]:
        """The attempts since then, newest first, to the end or as far as `MOST_PAGES` go."""
        about = f"the deliveries of {hook.label}"
        path: str | None = f"{_path(hook)}?per_page=100"
        found: list[HookAttempt] = []
        for _ in range(MOST_PAGES):
            if path is None:
                break
            answer = await self._transport.call(path, what=about, as_app=hook.id is None)
            page = [
                HookAttempt(
                    id=row.number("id"),
                    guid=row.text("guid"),
                    delivered_at=row.time("delivered_at"),
                    was_taken=200 <= (row.number_or_none("status_code") or 0) < 300,
                )
                for row in rows(answer.json(), about)
            ]
            found += [one for one in page if one.delivered_at >= since]
            if not page or page[-1].delivered_at < since:
                break
            url = next_link(answer.headers.get("link"))
            path = None if url is None else below_base(self._transport.base, url)
        return found

    async def deliver_again(self, hook: Hook, attempt_id: int) -> None:
        """Ask GitHub to send that delivery once more; it comes under the same GUID."""
        await self._transport.call(
            f"{_path(hook)}/{attempt_id}/attempts",
            what=f"a redelivery of {hook.label}",
            as_app=hook.id is None,
            post=True,
        )


def missed(attempts: Iterable[HookAttempt]) -> dict[str, int]:
    """Deliveries that were never taken and are worth another attempt: GUID to newest attempt."""
    by_guid: dict[str, list[HookAttempt]] = defaultdict(list)
    for attempt in attempts:
        by_guid[attempt.guid].append(attempt)
    return {
        guid: max(tries, key=lambda one: one.delivered_at).id
        for guid, tries in by_guid.items()
        if len(tries) < MOST_ATTEMPTS and not any(one.was_taken for one in tries)
    }


def _path(hook: Hook) -> str:
    if hook.id is None:
        return "/app/hook/deliveries"
    return repository_path(hook.owner or "", hook.name or "", "hooks", hook.id, "deliveries")
