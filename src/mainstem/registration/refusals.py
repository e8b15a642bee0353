"""Why an endpoint is not registered: what an answer to a sync means, and what to do about it."""

from mainstem.registration.asking import Answer
from mainstem.registration.errors import RegistrationError


class SyncFailed(RegistrationError):  # noqa: N818  it says what happened
    """An endpoint is not registered. `code` names the cause, `url` the endpoint."""

    def __init__(self, url: str, code: str, message: str) -> None:
        self.url = url
        self.code = code
        super().__init__(message)


def refusal(url: str, answer: Answer, server: str) -> SyncFailed | None:
    """Why the answer to a sync is none that registered anything; None when it is."""
    told = answer.fields
    said = str(told.get("message") or told.get("error") or answer.text[:200])
    if answer.problem:
        code, why = "unreachable", f"{answer.problem}. Is it running, and is the path right?"
    elif told.get("code") == "server_kind_mismatch":
        code, why = "mode", f"{said}. Set INNGEST_DEV and MAINSTEM_ENV to fit the server."
    elif answer.is_refused and "x-inngest-sdk-handled" not in answer.headers:
        code = "refused-in-front"
        why = (
            f"something in front of it answered {answer.status}: a login, a firewall or a "
            "preview's protection. Let the server and this command past."
        )
    elif answer.is_refused:
        code = "signature-refused"
        why = (
            f"it answered {answer.status}, so its signing key is another than INNGEST_SIGNING_KEY "
            "here. Give both the key of the same environment."
        )
    elif told.get("code") == "registration_failed":
        code = "server-refused"
        why = (
            f"the server's answer could not be read ({said}); most often it is a 401 for the "
            f"endpoint's signing key. Check that the key belongs to {server}."
        )
    elif "error" in told:
        code, why = "server-refused", f"the server refused: {said.rstrip('.')}."
    elif answer.status != 200 or not told:
        code = "failed"
        why = f"it answered HTTP {answer.status}: {said.rstrip('.')}. Its own log says more."
    else:
        return None
    return SyncFailed(url, code, f"Cannot register {url}: {why}")


def one_app(app_id: str, url: str, other: str, *, done: bool = False) -> SyncFailed:
    """That `url` and `other` are one app; `done` where the server took it all the same."""
    begin = f"Registered {url}, and" if done else f"Cannot register {url}:"
    return SyncFailed(
        url,
        "two-urls",
        f"{begin} it is app '{app_id}', and so is {other}. A server keeps one address for an app, "
        "and the functions of the last to sync replace the others'. Give each deployment an app "
        "id of its own (MAINSTEM_APP_ID), or stop the other one.",
    )
