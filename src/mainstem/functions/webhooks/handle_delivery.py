"""handle-github-webhook: apply one stored delivery, seconds after it came."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from inngest import Concurrency

from mainstem.catalog import FunctionFailed, Run, define, event
from mainstem.functions.events import NewRepositoryDiscovered, PrDetailsGraphqlRequested
from mainstem.functions.services import Services
from mainstem.functions.webhooks.applying import apply_delivery, note_failure
from mainstem.functions.webhooks.delivered import GithubWebhookReceived
from mainstem.functions.webhooks.outcome import Outcome
from mainstem.store import ids

# Deliveries of one repository wait for each other in the database; more at once only wait there.
_PER_REPOSITORY: Final = Concurrency(key="event.data.repositoryGithubId", limit=5)
_UNTIL_CAPTURED: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DeliveryHandled:
    """What became of a delivery; `asked` pull requests are read anew, `discovered` captured."""

    delivery_id: str
    status: Literal["handled", "ignored", "waiting"]
    why: str | None
    asked: tuple[int, ...]
    discovered: tuple[str, ...]


async def record_failure(
    run: Run[FunctionFailed[GithubWebhookReceived]], services: Services
) -> None:
    """Runs once, when a delivery could not be applied: it is kept, and tried again later."""
    delivery_id = run.data.raw_data.get("deliveryId")
    if isinstance(delivery_id, str):
        error = run.data.error
        await run.step(
            "note-failure", note_failure, services, delivery_id, f"{error.name}: {error.message}"
        )


@define(
    id="handle-github-webhook",
    name="Handle GitHub Webhook",
    on=event(GithubWebhookReceived),
    sends=(PrDetailsGraphqlRequested, NewRepositoryDiscovered),
    group="webhooks",
    retries=3,
    concurrency=[_PER_REPOSITORY],
    on_failure=record_failure,
)
async def handle_github_webhook(
    run: Run[GithubWebhookReceived], services: Services
) -> DeliveryHandled:
    """A delivery that waits for its pull request is applied once that is captured.

    Where that takes longer than a minute, the delivery stays as it is, and the function that looks
    for such deliveries sends its event again.
    """
    asked = run.data
    outcome = await run.step("apply-delivery", apply_delivery, services, asked.delivery_id)
    await run.send("read-pull-requests", _requests(asked, outcome))
    await run.send("capture-repositories", _discoveries(outcome))
    if outcome.status == "waiting":
        await run.sleep("wait-for-pull-request", _UNTIL_CAPTURED)
        again = await run.step("apply-delivery-again", apply_delivery, services, asked.delivery_id)
        if again.status != "waiting":
            await run.send("read-pull-requests-again", _requests(asked, again))
        return _handled(asked, again)
    return _handled(asked, outcome)


def _requests(asked: GithubWebhookReceived, outcome: Outcome) -> list[PrDetailsGraphqlRequested]:
    if asked.repository_github_id is None:
        return []
    repository_id = ids.repository_id(asked.repository_github_id)
    return [
        PrDetailsGraphqlRequested(repository_id=repository_id, pr_number=number, priority="high")
        for number in outcome.ask
    ]


def _discoveries(outcome: Outcome) -> list[NewRepositoryDiscovered]:
    names = [name.partition("/") for name in outcome.discover]
    return [
        NewRepositoryDiscovered(owner=owner, repo=repo, source="webhook", history="full")
        for owner, _, repo in names
    ]


def _handled(asked: GithubWebhookReceived, outcome: Outcome) -> DeliveryHandled:
    return DeliveryHandled(
        delivery_id=asked.delivery_id,
        status=outcome.status,
        why=outcome.why,
        asked=outcome.ask,
        discovered=outcome.discover,
    )
