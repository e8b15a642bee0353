"""Which credential asks: one that sees the repository, and of those the one with the most room.

Resolved for each request, within the request: a token is never handed to whoever asked for the
data, and a private repository is read with its installation's token wherever it is captured.
"""

import logging
from collections.abc import Callable, Collection, Sequence

from .apps import App
from .asks import Repository
from .credentials import Credential
from .errors import NotFound

Room = Callable[[Credential], float]

_log = logging.getLogger(__name__)


class Pool:
    """The credentials of one client: tokens, perhaps an App, or nobody.

    `last` asks where no token is left and the App is not installed: nobody, if that is all.
    """

    def __init__(self, tokens: Sequence[Credential], app: App | None, last: Credential) -> None:
        self._tokens = list(tokens)
        self._app = app
        self._last = last
        # What is known of who sees which repository. True: it has answered for it.
        self._sees: dict[tuple[str, str], bool] = {}

    @property
    def is_anonymous(self) -> bool:
        """Whether there is nobody whom GitHub knows."""
        return not self._tokens and self._app is None

    @property
    def app(self) -> App | None:
        """The App, if there is one."""
        return self._app

    async def choose(
        self, repository: Repository | None, *, room: Room, without: Collection[str] = ()
    ) -> Credential | None:
        """Who asks; None where everybody who might is in `without` (by name).

        Raises `NotFound` where there is an App alone and it is not installed.
        """
        found = [one for one in await self._candidates(repository) if one.name not in without]
        if found and found[0].kind == "installation" and room(found[0]) > 0:
            # It was installed to read this, also what is private.
            return found[0]
        place = _place(repository)
        seeing = [one for one in found if self._sees.get((one.name, place), True)] or found
        return max(seeing, key=room, default=None)

    async def others(
        self, chosen: Credential, repository: Repository | None, *, without: Collection[str]
    ) -> bool:
        """Whether anybody else might ask instead of `chosen`."""
        return any(
            one.name != chosen.name and one.name not in without
            for one in await self._candidates(repository)
        )

    def answered(self, credential: Credential, repository: Repository | None) -> None:
        """`credential` got an answer for the repository."""
        if repository is not None:
            self._sees[credential.name, _place(repository)] = True

    def saw_nothing(self, names: Collection[str], repository: Repository | None) -> None:
        """These did not see the repository, and another one did."""
        for name in names:
            self._sees[name, _place(repository)] = False

    def lost(self, credential: Credential, repository: Repository | None) -> None:
        """`credential` did not see the repository: an App may have been taken away from it."""
        if self._app is not None and repository is not None and credential.kind == "installation":
            self._app.forget(*repository)

    def sees(self, credential: Credential, repository: Repository | None) -> bool:
        """Whether it is known to see the repository."""
        return self._sees.get((credential.name, _place(repository)), False)

    def take_out(self, credential: Credential) -> None:
        """GitHub does not know this token: it is asked no more."""
        self._tokens = [one for one in self._tokens if one.name != credential.name]
        _log.warning(
            "GitHub does not accept %s (%s): it is left out, and %d others go on. Take it out of "
            "MAINSTEM_GITHUB_TOKENS, or replace it.",
            credential.label,
            credential.name,
            len(self._tokens),
        )

    async def _candidates(self, repository: Repository | None) -> list[Credential]:
        if self._app is None:
            return list(self._tokens) or [self._last]
        if repository is not None:
            installed = await self._app.on(*repository)
        else:
            installed = None if self._tokens else await self._app.any()
        if installed is not None or self._tokens:
            return [*([] if installed is None else [installed]), *self._tokens]
        raise NotFound(
            "/".join(repository) if repository else "anything",
            f"{self._app.label} is not installed there",
            "Install it on the repository, or set GITHUB_TOKEN to a token that may see it.",
        )


def _place(repository: Repository | None) -> str:
    return "/".join(repository).lower() if repository else ""
