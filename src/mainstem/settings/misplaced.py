"""Secrets in variables that are for something else: told by name, and taken out before they show.

Only variables that we read are looked at; the rest of the process's environment is not ours.
"""

import re
from collections.abc import Iterator, Mapping

from mainstem.errors import Problem
from mainstem.settings.branches import BRANCH_VARIABLES, CHOICE
from mainstem.settings.environment import OVERRIDE, Environment
from mainstem.settings.github import APP_KEY
from mainstem.settings.keys import SIGNING_KEY
from mainstem.settings.secrecy import (
    holds_github_token,
    holds_private_key,
    holds_signing_key,
    without_password,
)
from mainstem.settings.signals import NOT_READ, SIGNALS
from mainstem.settings.variables import SECRETS, VARIABLES

# Shorter values of a secret variable are words, such as a development server's "event key".
_SHORTEST_SECRET = 16
_HOLDS_A_SECRET = re.compile(r"(KEY|KEY_FALLBACK|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)
_OWN_VALUES = {
    OVERRIDE: f"one of {', '.join(Environment)}",
    "INNGEST_DEV": "1 or 0, or the development server's address",
}
_SECRET_VARIABLES = tuple(name for setting in SECRETS for name in VARIABLES[setting])


def take_out(given: Mapping[str, str]) -> tuple[dict[str, str], list[Problem]]:
    """`given` without the values that are somebody's secret, and a problem for each of them.

    Where it stood in `MAINSTEM_ENV`, production is assumed: the strictest, as for any other value
    that names no environment.
    """
    kept = dict(given)
    problems = []
    for variable in _read(given):
        problem = _problem(variable, given[variable], given)
        if problem is not None:
            problems.append(problem)
            del kept[variable]
            if variable == OVERRIDE:
                kept[OVERRIDE] = Environment.PRODUCTION.value
    return kept, problems


def _read(given: Mapping[str, str]) -> Iterator[str]:
    names = [OVERRIDE, *(name for variables in VARIABLES.values() for name in variables)]
    for signal in SIGNALS:
        names += [signal.variable, *signal.also]
    names += [row.variable for row in BRANCH_VARIABLES]
    names += [*NOT_READ, given.get(CHOICE, "").strip()]
    for name in dict.fromkeys(names):
        if name not in _SECRET_VARIABLES and given.get(name, "").strip():
            yield name


def _problem(variable: str, value: str, given: Mapping[str, str]) -> Problem | None:
    # A user's part is where an address may have a secret, and it is never shown.
    text = without_password(value) if "@" in value else value
    own = _OWN_VALUES.get(variable, "what belongs there")
    if holds_signing_key(text):
        return Problem(
            variable,
            "it holds a signing key",
            f"Move that to {SIGNING_KEY}, and set {variable} to {own}, or unset it.",
        )
    if holds_github_token(text):
        return Problem(
            variable,
            "it holds a token for GitHub",
            f"Move that to GITHUB_TOKEN, and set {variable} to {own}, or unset it.",
        )
    if holds_private_key(text):
        return Problem(
            variable,
            "it holds a private key",
            f"Move that to {APP_KEY} if it is a GitHub App's, and set {variable} to {own}, or "
            "unset it.",
        )
    if variable == CHOICE and _HOLDS_A_SECRET.search(value.strip()):
        return Problem(
            CHOICE,
            f"it names {value.strip()}, which holds a secret by its name",
            "Set it to a variable that holds the branch, or to 'platform'.",
        )
    for other in _SECRET_VARIABLES:
        secret = given.get(other, "").strip()
        if len(secret) >= _SHORTEST_SECRET and secret in text:
            return Problem(
                variable,
                f"it holds the secret that {other} has",
                f"Set {variable} to {own}, or unset it.",
            )
    return None
