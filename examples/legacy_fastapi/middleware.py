"""What every function of the shop, or one of them, is wrapped in."""

import inngest


class HideAddresses(inngest.MiddlewareSync):
    """Customers' addresses do not leave us in what functions return."""

    def transform_output(self, result: inngest.TransformOutputResult) -> None:
        if result.step is None and isinstance(result.output, dict):
            result.output = {
                key: _hidden(value) if key == "email" else value
                for key, value in result.output.items()
            }


class TagMail(inngest.MiddlewareSync):
    """Events that a mail function sends say so."""

    def before_send_events(self, events: list[inngest.Event]) -> None:
        for event in events:
            event.data = {**event.data, "channel": "mail"}


def _hidden(address: str) -> str:
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"
