"""recover-github-deliveries: nothing that GitHub told is lost because we were down."""

from dataclasses import dataclass

from mainstem.catalog import Run, Scheduled, any_of, cron, define, event
from mainstem.functions.limits import ON_GITHUB
from mainstem.functions.services import Services
from mainstem.functions.webhooks.delivered import GithubDeliveriesRecover, GithubWebhookReceived
from mainstem.functions.webhooks.recovering import (
    ask_for_missed,
    forget_old,
    left_deliveries,
)


@dataclass(frozen=True, slots=True)
class DeliveriesRecovered:
    """What was sent again, what was asked of GitHub again, what was dropped for its age."""

    sent_again: int
    missed: int
    asked_again: int
    forgotten: int
    unseen: tuple[str, ...]


@define(
    id="recover-github-deliveries",
    name="Recover GitHub Deliveries",
    on=any_of(cron("*/10 * * * *"), event(GithubDeliveriesRecover)),
    sends=(GithubWebhookReceived,),
    group="webhooks",
    retries=2,
    concurrency=[ON_GITHUB],
)
async def recover_github_deliveries(
    run: Run[Scheduled | GithubDeliveriesRecover], services: Services
) -> DeliveriesRecovered:
    """What is here is handled again; then GitHub is asked what it could not deliver."""
    left = await run.step("find-left-deliveries", left_deliveries, services)
    await run.send("handle-left-deliveries", left)
    forgotten = await run.step("forget-old-deliveries", forget_old, services)
    found = await run.step("ask-for-missed-deliveries", ask_for_missed, services)
    return DeliveriesRecovered(
        sent_again=len(left),
        missed=found.missed,
        asked_again=found.asked_again,
        forgotten=forgotten,
        unseen=found.unseen,
    )
