"""Inngest's keys: what they hash to, and the mistakes that people make with them, by name.

Text in, problems out; never a value. Two machines are compared by hash, as the SDK's introspection
gives it.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Literal

from mainstem.errors import Problem
from mainstem.settings.environment import OVERRIDE, Environment
from mainstem.settings.policy import Policy

EVENT_KEY = "INNGEST_EVENT_KEY"
SIGNING_KEY = "INNGEST_SIGNING_KEY"
FALLBACK_KEY = "INNGEST_SIGNING_KEY_FALLBACK"
DEV_MODE = "INNGEST_DEV"
INNGEST_KEYS = (EVENT_KEY, SIGNING_KEY, FALLBACK_KEY)

# What the SDK takes off before it hashes the rest, which must then be hexadecimal.
_PREFIX = re.compile(r"^signkey-\w+-")
_KIND = re.compile(r"^signkey-(\w+)-")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_DIGITS = re.compile(r"[0-9a-fA-F]+")
_HEX_DIGITS_OF_CLOUD = 64
_SHORTEST_TOKEN = 16

_OF_KIND = {
    "prod": "production's",
    "test": "a test environment's",
    "branch": "a branch environment's",
}
_PLACEHOLDERS = frozenset(
    {"changeme", "replaceme", "todo", "tbd", "placeholder", "example", "dummy", "fake", "secret"}
    | {"none", "null", "undefined", "key", "devkey", "localdevkey", "noeventkeyset"}
)
_FRAMEWORKS = "VITE|NEXT_PUBLIC|REACT_APP|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY|VUE_APP|PUBLIC"
_BROWSER = re.compile(rf"({_FRAMEWORKS})_(INNGEST_\w*KEY\w*|GITHUB_TOKEN)")
# Names that the system before this one read, and others made after the same pattern.
_ALIAS = re.compile(
    rf"(?:INNGEST_(?:PRODUCTION|PROD|STAGING|LOCAL|DEV)|(?:{_FRAMEWORKS})_INNGEST)"
    r"_(EVENT|SIGNING)_KEY"
)
_NEVER_DEPLOYED = re.compile(r"INNGEST_(LOCAL|DEV)_")


def key_hash(kind: Literal["event", "signing"], key: str) -> str:
    """What the SDK's introspection calls the hash of `key`: 64 hexadecimal digits.

    A signing key's hash is a secret itself: it is what Inngest's API takes in the place of a
    password. Compare it, and show no more of it than `short_hash` does.
    Raises `ValueError`, without the key in it, for a signing key that is not hexadecimal.
    """
    if kind == "event":
        return hashlib.sha256(key.encode()).hexdigest()
    rest = _PREFIX.sub("", key)
    if not _HEX.fullmatch(rest):
        raise ValueError("Cannot hash a signing key whose last part is not hexadecimal.")
    return hashlib.sha256(bytes.fromhex(rest)).hexdigest()


def short_hash(full: str) -> str:
    """Enough of a hash to compare two machines by eye, and too little to be of use otherwise."""
    return full[:12]


def kind_of(key: str) -> str | None:
    """The kind of environment that a signing key says it is for; None when it says nothing."""
    found = _KIND.match(key)
    return found[1] if found else None


def spelling(variable: str, text: str) -> Problem | None:
    """What came along, or went missing, when a secret was pasted."""
    # Something must follow the sign: a key may end in one (base64 does), and in letters before it.
    if re.match(r"\s*(export\s+)?\w*(KEY|TOKEN|FALLBACK)\s*=\s*[^\s=]", text):
        return Problem(
            variable,
            "it is a whole line, with the variable's name in it",
            "Set it to what stands after the equals sign.",
        )
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
    wrong = _not_a_secret(text)
    return None if wrong is None else Problem(variable, wrong, "Set it to the value itself.")


def _not_a_secret(text: str) -> str | None:
    if "://" in text:
        return "it is an address"
    if re.fullmatch(r"\$\{?\w+\}?|\$?\{\{.*\}\}|%\w+%|<.*>", text):
        return "it is a reference that nothing filled in"
    if re.search(r"\.\.\.|\*\*\*|…|•", text):
        return "it was copied while it was hidden"
    if text.endswith(("\\n", "\\r")):
        return "it ends in an escaped line end"
    if not (text.isascii() and text.isprintable()):
        return "it has a sign in it that no key has (an invisible one, perhaps)"
    return None


def placeholder(variable: str, text: str) -> Problem | None:
    """A word that stands where a key should be."""
    word = re.sub(r"[-_. ]", "", text.lower())
    if word in _PLACEHOLDERS or re.fullmatch(r"your\w*key\w*|x{3,}", word):
        return Problem(variable, "it is a placeholder", "Set it to the environment's own key.")
    return None


def signing_key(variable: str, key: str) -> Problem | None:
    """A signing key that the SDK could not use."""
    rest = _PREFIX.sub("", key)
    if _HEX.fullmatch(rest):
        return None
    if problem := placeholder(variable, key):
        return problem
    return Problem(
        variable,
        _unusable(key, rest),
        "Set it to the environment's signing key, 'signkey-…' and hex digits.",
    )


def _unusable(key: str, rest: str) -> str:
    if key.count("signkey") > 1:
        return "it is in there more than once"
    if not rest or key in ("signkey", "signkey-prod", "signkey-test", "signkey-branch"):
        return "it ends after its prefix, the key itself is missing"
    if _DIGITS.fullmatch(rest):
        return "it has an odd number of hexadecimal digits, so a part is missing"
    if rest != key:
        return "its last part is not hexadecimal"
    if key.lower().startswith("signkey"):
        return "its prefix is misspelt"
    return _foreign(key) or "it is not a signing key (an event key in its place, perhaps)"


def event_key(variable: str, key: str) -> Problem | None:
    """Another secret in the event key's place."""
    if key.lower().startswith("signkey"):
        other = f"Set it to the event key; {SIGNING_KEY} has the other."
        return Problem(variable, "it holds a signing key", other)
    if wrong := _foreign(key):
        return Problem(variable, wrong, "Set it to the environment's event key.")
    return None


def github_token(variable: str, token: str) -> Problem | None:
    """One of Inngest's keys in the place of the token for GitHub."""
    if not token.lower().startswith("signkey"):
        return None
    return Problem(variable, "it holds a signing key of Inngest's", "Set it to GitHub's token.")


def webhook_secret(variable: str, secret: str) -> Problem | None:
    """Another secret in its place, or one that could be guessed: whoever has it writes rows."""
    wrong = "it holds a signing key" if secret.lower().startswith("signkey") else _foreign(secret)
    if wrong:
        return Problem(variable, wrong, "Set it to the secret of the webhook at GitHub.")
    if len(secret) >= _SHORTEST_TOKEN:
        return None
    return Problem(
        variable,
        f"it has fewer than {_SHORTEST_TOKEN} signs, so that it could be guessed",
        "Set it, here and at the webhook, to a longer one: "
        "`python -c 'import secrets; print(secrets.token_urlsafe())'`.",
    )


def status_token(variable: str, token: str) -> Problem | None:
    """Another secret in its place, or one that could be guessed: whoever has it reads the page."""
    wrong = "it holds a signing key" if token.lower().startswith("signkey") else _foreign(token)
    if wrong:
        return Problem(variable, wrong, "Set it to a token of its own: browsers are given it.")
    if len(token) >= _SHORTEST_TOKEN:
        return None
    return Problem(
        variable,
        f"it has fewer than {_SHORTEST_TOKEN} signs, so that it could be guessed",
        "Set it to a longer one: `python -c 'import secrets; print(secrets.token_urlsafe())'`.",
    )


def _foreign(text: str) -> str | None:
    is_github = text.startswith(("ghp_", "gho_", "ghs_", "github_pat_"))
    return "it holds a token for GitHub" if is_github else None


def keys_for(
    policy: Policy,
    keys: Mapping[str, str],
    *,
    blank: frozenset[str],
    branch: str | None,
    environ: Mapping[str, str],
) -> Iterator[Problem]:
    """What is missing from, or does not belong in, an environment that checks signatures.

    `keys` are the values by variable, `blank` the variables set to nothing, `branch` the branch
    environment that was chosen.
    """
    for variable, use in ((EVENT_KEY, "send events"), (SIGNING_KEY, "check signatures")):
        if variable not in keys:
            yield _missing(variable, use, policy, variable in blank, environ)
    yield from _of_another_environment(policy, keys, branch)
    yield from _fallback(policy, keys)


def _missing(
    variable: str, use: str, policy: Policy, is_blank: bool, environ: Mapping[str, str]
) -> Problem:
    environment, is_asked = policy.environment, policy.mode == "dev"
    found = "it is set, but blank" if is_blank else "it is not set"
    who = f"cloud mode, which {DEV_MODE} asks for," if is_asked else environment
    found = f"{found}, and {who} cannot {use} without it"
    others = [one for one in aliases(environ, variable) if not _NEVER_DEPLOYED.match(one)]
    if others:
        return Problem(
            variable, f"{found}; {others[0]} is set and not read", f"Rename that to {variable}."
        )
    if is_asked:
        return Problem(variable, found, f"Unset {DEV_MODE} to run without keys, or set the key.")
    remedy = f"Set it to {environment}'s key, or {OVERRIDE}=local to run without keys."
    return Problem(variable, found, remedy)


def _of_another_environment(
    policy: Policy, keys: Mapping[str, str], branch: str | None
) -> Iterator[Problem]:
    kind = kind_of(keys.get(SIGNING_KEY, ""))
    if kind is not None and kind in policy.wrong_keys:
        is_preview = policy.environment is Environment.PREVIEW
        yield Problem(
            SIGNING_KEY,
            f"it is {_OF_KIND[kind]}, in {'a preview' if is_preview else policy.environment}",
            f"Set {'the branch environment' if is_preview else policy.environment}'s key.",
        )
    elif kind == "branch" and branch is None:
        yield Problem(
            "INNGEST_ENV",
            f"it is not set, and {SIGNING_KEY} is a branch environment's",
            "Set it to the branch environment's name.",
        )


def _fallback(policy: Policy, keys: Mapping[str, str]) -> Iterator[Problem]:
    signing, fallback = keys.get(SIGNING_KEY, ""), keys.get(FALLBACK_KEY, "")
    if not (signing and fallback):
        return
    if _PREFIX.sub("", signing).lower() == _PREFIX.sub("", fallback).lower():
        yield Problem(
            FALLBACK_KEY,
            f"it equals {SIGNING_KEY}",
            "Set it to the key before the rotation, or not at all.",
        )
    elif kind_of(fallback) != kind_of(signing) and None not in (
        kind_of(fallback),
        kind_of(signing),
    ):
        yield Problem(
            FALLBACK_KEY,
            f"it is another environment's than {SIGNING_KEY}",
            f"Set it to the key that {policy.environment} had before the rotation.",
        )


def aliases(environ: Mapping[str, str], variable: str) -> list[str]:
    """Variables that are set and look as if they were meant for `variable`."""
    return sorted(
        name
        for name, value in environ.items()
        if value.strip()
        and (found := _ALIAS.fullmatch(name)) is not None
        and f"INNGEST_{found[1]}_KEY" == variable
    )


def shown_to_browsers(environ: Mapping[str, str]) -> list[str]:
    """Variables with a secret that a front end's build copies into what it sends to browsers."""
    return sorted(
        name for name, value in environ.items() if value.strip() and _BROWSER.fullmatch(name)
    )


def odd_length(key: str) -> int | None:
    """The number of digits of a cloud key that has not as many as they have; else None."""
    digits = len(_PREFIX.sub("", key))
    is_clouds = kind_of(key) in _OF_KIND and bool(_HEX.fullmatch(_PREFIX.sub("", key)))
    return digits if is_clouds and digits != _HEX_DIGITS_OF_CLOUD else None
