"""What is wrapped around functions here."""

import inngest


class NoteReader(inngest.MiddlewareSync):
    """Results that are about a reader say so, for the desk's search."""

    def transform_output(self, result: inngest.TransformOutputResult) -> None:
        if result.step is None and isinstance(result.output, dict) and "reader" in result.output:
            result.output = {**result.output, "about": f"reader/{result.output['reader']}"}


class SignEvents(inngest.MiddlewareSync):
    """Events that go to other libraries are signed with our name."""

    def before_send_events(self, events: list[inngest.Event]) -> None:
        for event in events:
            event.data = {**event.data, "from": "riverside"}
