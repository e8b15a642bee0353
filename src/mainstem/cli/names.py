"""`OWNER/NAME` as people type it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mainstem.cli.outcome import UsageProblem

# GitHub's rules: letters, digits and hyphens for owners, an underscore for managed users; letters,
# digits, '-', '_' and '.' for repositories.
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """The two halves of a repository's name."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"


def repository_name(text: str) -> RepositoryName:
    """`text` as a repository's name. An address copied from the browser will do as well.

    >>> str(repository_name("https://github.com/octo/hello.git"))
    'octo/hello'

    Raises `UsageProblem` for anything else.
    """
    trimmed = re.sub(r"^(?:https?://)?(?:www\.)?github\.com/", "", text.strip())
    owner, slash, name = trimmed.removesuffix("/").removesuffix(".git").partition("/")
    if slash and _OWNER.fullmatch(owner) and _NAME.fullmatch(name) and name not in {".", ".."}:
        return RepositoryName(owner, name)
    raise UsageProblem(
        f"Cannot capture '{text}': it is not a repository's name. "
        "Write OWNER/NAME, for example octo/hello."
    )
