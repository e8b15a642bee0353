"""What can be wrong with a setting, as pure functions: text in, problems out. Never a secret."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from mainstem.errors import Problem
from mainstem.settings.environment import OVERRIDE, Environment
from mainstem.settings.model import without_password

EVENT_KEY = "INNGEST_EVENT_KEY"
SIGNING_KEY = "INNGEST_SIGNING_KEY"
FALLBACK_KEY = "INNGEST_SIGNING_KEY_FALLBACK"

# What the SDK takes off before it hashes the rest, which must then be hexadecimal.
_PREFIX = re.compile(r"^signkey-\w+-")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


def spelling(variable: str, text: str) -> Problem | None:
    """White space or quotes that came along when a secret was pasted."""
    if text != text.strip():
        return Problem(
            variable,
            "it has white space around it (a line end, most often)",
            "Set it again without.",
        )
    if len(text) > 1 and text[0] in "\"'`" and text[-1] == text[0]:
        return Problem(variable, "it is wrapped in quotes", "Set it again without them.")
    if any(sign.isspace() for sign in text):
        return Problem(variable, "it has white space inside", "Set it again in one piece.")
    return None


def signing_key(variable: str, key: str) -> Problem | None:
    """A signing key that the SDK could not use."""
    rest = _PREFIX.sub("", key)
    if _HEX.fullmatch(rest):
        return None
    found = "its last part is not hexadecimal"
    if rest == key:
        found = "it is not a signing key (an event key in its place, perhaps)"
    return Problem(
        variable, found, "Set it to the environment's signing key, 'signkey-…' and hex digits."
    )


def event_key(variable: str, key: str) -> Problem | None:
    """A signing key in the event key's place."""
    if not key.startswith("signkey-"):
        return None
    return Problem(
        variable, "it holds a signing key", f"Set it to the event key; {SIGNING_KEY} has the other."
    )


def keys_for(
    environment: Environment, keys: Mapping[str, str], *, blank: frozenset[str], branch: str | None
) -> Iterator[Problem]:
    """What is missing from, or does not belong in, an environment that checks signatures.

    `keys` are the usable values by variable, `blank` the variables set to nothing, `branch` the
    branch environment that was named.
    """
    for variable, use in ((EVENT_KEY, "send events"), (SIGNING_KEY, "check signatures")):
        if variable not in keys:
            found = "it is set, but blank" if variable in blank else "it is not set"
            yield Problem(
                variable,
                f"{found}, and {environment} cannot {use} without it",
                f"Set it to {environment}'s key, or {OVERRIDE}=local to run without keys.",
            )
    signing = keys.get(SIGNING_KEY, "")
    if signing.startswith("signkey-branch-"):
        if environment is Environment.PRODUCTION:
            yield Problem(SIGNING_KEY, "it is a branch environment's", "Set production's key.")
        elif branch is None:
            yield Problem(
                "INNGEST_ENV",
                f"it is not set, and {SIGNING_KEY} is a branch environment's",
                "Set it to the branch environment's name.",
            )
    if signing.startswith("signkey-prod-") and environment is Environment.PREVIEW:
        yield Problem(
            SIGNING_KEY, "it is production's, in a preview", "Set the branch environment's key."
        )
    if signing and keys.get(FALLBACK_KEY) == signing:
        yield Problem(
            FALLBACK_KEY,
            f"it equals {SIGNING_KEY}",
            "Set it to the key before the rotation, or not at all.",
        )


def web_url(variable: str, value: str) -> Problem | None:
    """An address that is not http or https with a host."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        usable = False
    if usable and not any(sign.isspace() for sign in value):
        return None
    return Problem(
        variable,
        f"'{without_password(value)}' is not an address",
        "Set it to one with http:// or https:// and a host, such as http://127.0.0.1:8288.",
    )


def database_url(variable: str, value: str) -> Problem | None:
    """A database address of a kind that the store does not speak."""
    scheme = value.partition("://")[0] if "://" in value else ""
    if scheme.partition("+")[0] in ("sqlite", "postgresql"):
        return None
    told = f"'{scheme}://…'" if scheme else "it"
    return Problem(
        variable,
        f"{told} is not a database that Mainstem speaks",
        "Set it to sqlite:///path.db or postgresql://user:password@host/name.",
    )
