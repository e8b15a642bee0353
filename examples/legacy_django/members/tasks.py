"""Members come, go and move house."""

from datetime import timedelta
from typing import Any

import inngest as background

from legacy_django.members.cards import Cards

# A client of our own: the members' side was to become a service one day.
members_client = background.Inngest(app_id="library-members", middleware=[Cards])


def job(fn_id: str, event: str, **options: Any) -> Any:
    """What all our functions have in common."""
    return members_client.create_function(
        fn_id=fn_id, trigger=background.TriggerEvent(event=event), retries=1, **options
    )


@job(
    "welcome-members",
    "member/joined",
    batch_events=background.Batch(max_size=2, timeout=timedelta(seconds=60)),
)
def welcome_members(ctx: background.ContextSync) -> dict:
    return {"welcomed": sorted(event.data["member"] for event in ctx.events)}


@job(
    "change-address",
    "member/moved",
    debounce=background.Debounce(key="event.data.member", period=timedelta(seconds=1)),
)
def change_address(ctx: background.ContextSync) -> dict:
    """People correct their typing; the last address counts."""
    street = ctx.step.run("tidy-street", lambda: str(ctx.event.data["street"]).strip().title())
    return {"reader": ctx.event.data["member"], "street": street}


@job(
    "renew-card",
    "card/renewal.asked",
    cancel=[
        background.Cancel(event="member/left", if_exp="async.data.member == event.data.member")
    ],
    singleton=background.Singleton(key="event.data.member", mode="cancel"),
)
def renew_card(ctx: background.ContextSync) -> dict:
    """A month to think it over, then a new card."""
    ctx.step.sleep("think-it-over", timedelta(days=30))
    return {"member": ctx.event.data["member"], "renewed": True}


FUNCTIONS = [welcome_members, change_address, renew_card]
