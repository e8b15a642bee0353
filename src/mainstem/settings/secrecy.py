"""What is never shown: texts that look like a secret, wherever they turn up.

A key that was pasted into the wrong variable would otherwise be printed by the very message that
complains of it. Text in, text out; nothing here knows a variable.
"""

import re
from dataclasses import replace

from mainstem.errors import Problem
from mainstem.settings.branches import Branch
from mainstem.settings.detection import Detected, Lost

# "signkey-…-" and something that a word would not have: a digit, or a row of hexadecimal ones. A
# branch called "fix/signkey-test-flake" is none.
_SIGNING_KEY = re.compile(
    r"signkey[-_]\w+?[-_](?:[0-9a-f]{8}|(?=[a-z_]*[0-9])\w{6})[\w-]*", re.IGNORECASE | re.ASCII
)
# https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
_GITHUB_TOKEN = re.compile(r"(?<![a-z0-9])(?:gh[opsur]_|github_pat_)\w{6,}", re.IGNORECASE)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_LONG_HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{32,}", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}")
# A password may hold a slash that nobody escaped; what follows a host's colon is a number.
_USER = re.compile(r"(?<=//)(?:[^/?#\s]*@|[^/@\s:]*:(?!\d+(?:/|$))\S*@)")
_PARAMETER = re.compile(
    r"([?&;][^=&;#\s]*(?:token|key|password|passwd|pwd|secret)[^=&;#\s]*=)[^&;#\s]+", re.IGNORECASE
)


def holds_signing_key(text: str) -> bool:
    """Whether there is a signing key of Inngest's in `text`."""
    return _SIGNING_KEY.search(text) is not None


def holds_github_token(text: str) -> bool:
    """Whether there is a token for GitHub in `text`."""
    return _GITHUB_TOKEN.search(text) is not None


def holds_private_key(text: str) -> bool:
    """Whether there is a private key in PEM in `text`, or the beginning of one."""
    return _PRIVATE_KEY.search(text) is not None


def without_password(url: str) -> str:
    """`url` with stars in the place of its user and of parameters that hold a secret.

    Any other text comes back as it is.
    """
    if "//" not in url:
        return url
    return _PARAMETER.sub(r"\1***", _USER.sub("***@", url))


def veiled(text: str) -> str:
    """`text` with what looks like a secret replaced by what it is."""
    text = _PRIVATE_KEY.sub("(a private key)", text)
    text = _GITHUB_TOKEN.sub("(a token for GitHub)", _SIGNING_KEY.sub("(a signing key)", text))
    return _LONG_HEX.sub("(a long hexadecimal number)", text)


def veiled_version(text: str) -> str:
    """The same for a version, which may be a commit: 40 digits that are no secret."""
    return text if _COMMIT.fullmatch(text) else veiled(text)


def veiled_problem(problem: Problem) -> Problem:
    """A problem whose texts hold nothing that looks like a secret."""
    return replace(problem, wrong=veiled(problem.wrong), remedy=veiled(problem.remedy))


def veiled_branch(branch: Branch) -> Branch:
    """A branch variable that shows nothing that looks like a secret."""
    return replace(branch, value=veiled(branch.value), why=veiled(branch.why))


def veiled_detection(detected: Detected) -> Detected:
    """What was detected, with nothing in it that looks like a secret."""
    lost = tuple(_veiled_lost(one) for one in detected.lost)
    return replace(detected, decided_by=veiled(detected.decided_by), lost=lost)


def _veiled_lost(lost: Lost) -> Lost:
    return replace(lost, said=veiled(lost.said), why=veiled(lost.why))
