"""The card office wants to know of everything about members."""

import inngest


class Cards(inngest.MiddlewareSync):
    """Marks what members' functions return; but another client's endpoint serves those."""

    def transform_output(self, result: inngest.TransformOutputResult) -> None:
        if result.step is None and isinstance(result.output, dict):
            result.output = {**result.output, "card_office": "told"}
