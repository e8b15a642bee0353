"""Senders and receivers that do not fit together."""

from typing import Any

import inngest

from mainstem.catalog import EventData, Run, define, event, sdk_function
from mainstem.registration.cataloguing import manifest_of
from mainstem.registration.contract import check_contract
from mainstem.registration.findings import Finding

from .house import Billed, Ordered, Paid, billing, receipt, shop, tidying


def _codes(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.code, one.subject) for one in found]


def test_a_catalogue_that_fits_together_has_no_findings() -> None:
    assert check_contract(shop()) == ()


def test_an_event_that_nobody_handles_is_an_error() -> None:
    found = check_contract(shop(receipt(), billing(sends=(Billed,)), tidying()))
    assert _codes(found) == [("event-unhandled", "shop/billed")]
    assert found[0].is_bad


def test_a_function_that_nobody_feeds_is_a_warning() -> None:
    found = check_contract(shop(receipt(sends=()), billing(), tidying()))
    assert _codes(found) == [("function-unfed", "send-bill")]
    assert not found[0].is_bad


def test_who_does_not_say_what_is_sent_is_counted() -> None:
    found = check_contract(shop(receipt(sends=None), billing(), tidying()))
    assert "(1 of the functions does not say what it sends.)" in found[0].message


def test_a_function_on_a_wildcard_is_fed_by_what_it_covers() -> None:
    @sdk_function(fn_id="all", trigger=inngest.TriggerEvent(event="shop/*"), sends=())
    async def everything(ctx: inngest.Context) -> None: ...

    assert check_contract(shop(receipt(), billing(sends=(Billed,)), everything)) == ()


def test_a_function_on_the_servers_own_event_needs_no_sender() -> None:
    @sdk_function(fn_id="x", trigger=inngest.TriggerEvent(event="inngest/function.failed"))
    async def watch(ctx: inngest.Context) -> None: ...

    assert check_contract(shop(watch)) == ()


class Asked(EventData, name="shop/asked"):
    """Nobody sends it."""


@define(id="invoked", on=event(Asked), sends=())
async def invoked(run: Run[Asked], services: Any) -> int:
    """Only ever invoked."""
    return 1


async def _deeper(run: Run[Any]) -> int:
    return await run.invoke("ask", invoked, Asked())


@define(id="invoking", on=event(Ordered), sends=())
async def invoking(run: Run[Ordered], services: Any) -> None:
    """Invokes it, through a helper."""
    await _deeper(run)


@sdk_function(fn_id="by-id", trigger=inngest.TriggerEvent(event="shop/ordered"), sends=())
async def by_id(ctx: inngest.Context) -> None:
    await ctx.step.invoke_by_id("ask", app_id="shop", function_id="invoked")


def test_a_function_that_is_invoked_needs_no_sender() -> None:
    assert check_contract(shop(invoking, invoked)) == ()


def test_a_function_that_is_invoked_by_its_id_needs_no_sender() -> None:
    assert check_contract(shop(by_id, invoked)) == ()


def test_another_repositorys_senders_feed_our_functions() -> None:
    other = manifest_of(shop(receipt(), billing()), app_id="other")
    assert check_contract(shop(billing()), others=[other]) == ()


def test_another_repositorys_functions_handle_what_we_send() -> None:
    other = manifest_of(shop(billing(), receives=(Paid,)), app_id="other")
    assert check_contract(shop(receipt()), others=[other]) == ()


class OtherPaid(EventData, name="shop/paid"):
    """The same event, as somebody else has it."""

    order_id: str


def test_a_field_that_differs_between_two_repositories_is_an_error() -> None:
    other = manifest_of(shop(receipt(sends=(OtherPaid,))), app_id="other")
    found = check_contract(shop(billing()), others=[other])
    assert _codes(found) == [("field-differs", "shop/paid")]
    assert "as 'other' sends it" in found[0].message
    assert "'orderId': string is sent where integer is read" in found[0].message


def test_a_field_that_differs_at_the_receivers_is_an_error() -> None:
    other = manifest_of(shop(billing(on=event(OtherPaid))), app_id="other")
    found = check_contract(shop(receipt()), others=[other])
    assert "as we send it would be refused by 'other'" in found[0].message
