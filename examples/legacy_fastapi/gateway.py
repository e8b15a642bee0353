"""The payment service, or what stands in for it. Amounts are in cents."""

import inngest

PRICES = {"bowl": 1800, "jug": 3400, "tile": 450}
_refused_once: set[str] = set()


class GatewayAway(Exception):  # noqa: N818  it says what happened
    """The payment service did not answer."""


def price_of(items: list[str]) -> int:
    """What an order costs. Raises `KeyError` for something that we do not sell."""
    return sum(PRICES[item] for item in items)


def charge(order: str, card: str, amount: int) -> str:
    """Take the money; the payment's number.

    A card that begins with "weak" works at the second try only, one with "bad" never.
    """
    if card.startswith("bad"):
        raise inngest.NonRetriableError(f"the card of order {order} was declined")
    if card.startswith("weak") and order not in _refused_once:
        _refused_once.add(order)
        raise GatewayAway(f"no answer while charging order {order}")
    return f"pay-{order}-{amount}"
