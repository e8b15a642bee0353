"""Whether endpoints are those of the environment: mode, app, client, keys, release."""

from collections.abc import Iterator, Sequence

from mainstem.registration.findings import Finding
from mainstem.registration.releases import app_findings, branch_told, sdk_findings
from mainstem.registration.sides import Endpoint, Wanted, plain_url
from mainstem.settings import short_hash


def endpoint_findings(wanted: Wanted, endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    """What is wrong with the endpoints, apart from their functions."""
    for one in endpoints:
        if one.problem is not None:
            yield Finding("error", one.code, one.url, one.problem)
            continue
        if one.mode is not None and one.mode != wanted.mode:
            yield _signature_mode(wanted, one)
        if len(endpoints) == 1 and one.app_id not in (None, wanted.app_id):
            yield Finding(
                "error",
                "other-app-id",
                one.url,
                f"The endpoint {one.url} is app '{one.app_id}', and the settings say "
                f"'{wanted.app_id}'.",
                "Set MAINSTEM_APP_ID to the same on both.",
            )
        if one.is_signed is False:
            yield Finding(
                "error",
                "answer-not-signed",
                one.url,
                f"The answer of the endpoint {one.url} arrives without its signature: the server "
                "refuses such answers.",
                "Let headers and bodies pass unchanged through whatever stands in front of it.",
            )
        if one.environment not in (None, wanted.environment):
            yield Finding(
                "error",
                "wrong-environment",
                one.url,
                f"The endpoint {one.url} says that it is in {one.environment}, expected "
                f"{wanted.environment}.",
                "Set MAINSTEM_ENV to the same where it runs and here; `mainstem doctor` says what "
                "was detected.",
            )
        yield from _other_client(wanted, one)
        yield from _keys(wanted, one)
        yield from sdk_findings(wanted.sdk, one.sdk, f"The endpoint {one.url}", one.url)
        yield from app_findings(wanted.app_version, one.app_version, one.url)
    yield from _one_app_twice(endpoints)


def _one_app_twice(endpoints: Sequence[Endpoint]) -> Iterator[Finding]:
    ids = [one.app_id for one in endpoints if one.app_id is not None]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        urls = [one.url for one in endpoints if one.app_id == name]
        yield Finding(
            "error",
            "two-urls",
            name,
            f"{' and '.join(urls)} are both app '{name}': a server keeps one address for an app, "
            "and the functions of the last to sync replace the others'.",
            "Give each deployment an app id of its own (MAINSTEM_APP_ID).",
        )


def _signature_mode(wanted: Wanted, endpoint: Endpoint) -> Finding:
    is_open = endpoint.mode == "dev"
    return Finding(
        "error",
        "signature-mode",
        endpoint.url,
        f"The endpoint {endpoint.url} is in {endpoint.mode} mode, and {wanted.environment} is in "
        f"{wanted.mode} mode" + (": it runs functions for anybody who asks." if is_open else "."),
        "Unset INNGEST_DEV and set MAINSTEM_ENV where it runs." if is_open
        else "Run this for the endpoint's environment (MAINSTEM_ENV), with its keys.",
    )  # fmt: skip


def _other_client(wanted: Wanted, endpoint: Endpoint) -> Iterator[Finding]:
    origins = (
        ("registers with", endpoint.api_origin, wanted.api_origin, "INNGEST_API_BASE_URL"),
        ("sends its events to", endpoint.event_origin, wanted.event_origin,
         "INNGEST_EVENT_API_BASE_URL"),
    )  # fmt: skip
    for does, told, expected, variable in origins:
        if told is not None and plain_url(told) != plain_url(expected):
            yield Finding(
                "error",
                "other-client",
                endpoint.url,
                f"The client of the endpoint {endpoint.url} {does} {told}, expected {expected}.",
                f"Set INNGEST_BASE_URL (or {variable}) to the same on both.",
            )
    for name in sorted(_strangers(wanted, endpoint)):
        yield Finding(
            "error",
            "other-client",
            name,
            f"The endpoint {endpoint.url} serves '{name}', which was made with the client of "
            f"another app than '{endpoint.app_id}': calls of it will not find it.",
            "Bind its definition with the catalogue, or adopt it: `catalog.adopt(function)`.",
        )
    if endpoint.is_authenticated and endpoint.branch != wanted.branch:
        yield Finding(
            "error",
            "wrong-environment",
            endpoint.url,
            f"The endpoint {endpoint.url} is in {branch_told(endpoint.branch)}, expected "
            f"{branch_told(wanted.branch)}.",
            "Set INNGEST_ENV to the same where the endpoint runs and here.",
        )


def _strangers(wanted: Wanted, endpoint: Endpoint) -> set[str]:
    """What is served under another app's id, and is one of ours behind it."""
    others = {*(endpoint.functions or ())} - wanted.functions.keys()
    return {
        name for name in others if any(name.endswith(f"-{known}") for known in wanted.functions)
    }


def _keys(wanted: Wanted, endpoint: Endpoint) -> Iterator[Finding]:
    known = wanted.signing_hashes
    if endpoint.signing_hash is not None and known and endpoint.signing_hash != known[0]:
        is_rotated = endpoint.signing_hash in known
        yield Finding(
            "warning" if is_rotated else "error",
            "signing-key-differs",
            endpoint.url,
            f"The signing key of {endpoint.url} is another than ours (hash "
            f"{short_hash(endpoint.signing_hash)} there, {short_hash(known[0])} here)"
            + (": it has our fallback key." if is_rotated else "."),
            "Finish the rotation: set INNGEST_SIGNING_KEY to the new key everywhere."
            if is_rotated
            else "Set INNGEST_SIGNING_KEY to the same on both.",
        )
    told, ours = endpoint.event_hash, wanted.event_hash
    if told is not None and ours is not None and told != ours:
        yield Finding(
            "error",
            "event-key-differs",
            endpoint.url,
            f"The event key of {endpoint.url} is another than ours (hash {short_hash(told)} there, "
            f"{short_hash(ours)} here): its events may go to another environment.",
            "Set INNGEST_EVENT_KEY to the same on both.",
        )
    for name, has in (
        ("INNGEST_EVENT_KEY", endpoint.has_event_key),
        ("INNGEST_SIGNING_KEY", endpoint.has_signing_key),
    ):
        if has is False and endpoint.mode == "cloud":
            yield Finding("error", "key-missing", endpoint.url,
                          f"The endpoint {endpoint.url} is in cloud mode without a key.",
                          f"Set {name} where it runs.")  # fmt: skip
