"""Releases and branch environments: what is compared alike at an endpoint and at a server."""

from collections.abc import Iterator

from mainstem.registration.findings import Finding


def sdk_findings(expected: str, told: str | None, who: str, subject: str) -> Iterator[Finding]:
    """Whether `told` is the release of the SDK that is `expected`; each side has its spelling."""
    if told is None or not expected:
        return
    plain = told.removeprefix("inngest-").replace(":v", " ")
    wanted = expected.removeprefix("inngest-").replace(":v", " ")
    if plain != wanted:
        yield Finding(
            "error",
            "other-sdk",
            subject,
            f"{who} has the SDK {plain}, here it is {wanted}.",
            "Install the same release on both: deploy with the locked requirements.",
        )


def app_findings(expected: str | None, told: str | None, who: str) -> Iterator[Finding]:
    """Whether `told` is the version of the app that is `expected`, where both are known."""
    if None not in (expected, told) and expected != told:
        yield Finding(
            "error",
            "other-app-version",
            who,
            f"Version '{told}' of the app is at {who}, expected '{expected}'.",
            "Wait until the deployment is through, or deploy again.",
        )


def branch_told(name: str | None) -> str:
    """A branch environment in words."""
    return "no branch environment" if name is None else f"branch environment '{name}'"
