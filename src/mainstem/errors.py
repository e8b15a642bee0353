"""Every error Mainstem raises on purpose, as one short tree.

::

    MainstemError
    ├── SettingsError           the settings do not allow a start; carries every problem
    ├── CatalogError            a function definition, or its binding, is wrong
    │   ├── DefinitionError     a definition contradicts itself or the server's limits
    │   ├── DuplicateDefinition two definitions share one id
    │   ├── NotBound            a definition was used as if it were a bound function
    │   │   └── NotServedHere   it is invoked where it is not served
    │   ├── ForeignClient       a function is bound to another client than the one serving it
    │   ├── BadEventData        an event's data does not fit its model
    │   ├── AdoptionRefused     a function made at import time cannot be taken over as it is
    │   ├── AdoptedInStrictMode strict mode found functions that were taken over
    │   ├── VersionGone         a run holds on to a version that its function no longer has
    │   └── UnknownSdk          the installed SDK is not one of those that we know
    ├── GitHubError             root of the tree in `mainstem.github`
    ├── StoreError              root of the tree in `mainstem.store`
    └── SimulateError           root of the tree in `mainstem.simulate`

Messages say what was being done, to what, what was found against what was expected, and what to do
next. They never hold a secret. A room that needs finer classes subclasses its own root.
"""

# ruff: noqa: N818  the names read as what happened; the root's name says that it is an error

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "AdoptedInStrictMode",
    "AdoptionRefused",
    "BadEventData",
    "CatalogError",
    "DefinitionError",
    "DuplicateDefinition",
    "ForeignClient",
    "GitHubError",
    "MainstemError",
    "NotBound",
    "NotServedHere",
    "Problem",
    "SettingsError",
    "SimulateError",
    "StoreError",
    "UnknownSdk",
    "VersionGone",
]


class MainstemError(Exception):
    """Root of everything Mainstem raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the settings, told so that its reader can mend it.

    `variable` is the environment variable's name, `wrong` what is the matter with it (never the
    value of a secret), `remedy` what to set.
    """

    variable: str
    wrong: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.variable}: {self.wrong}. {self.remedy}"


class SettingsError(MainstemError):
    """The settings do not allow a start. `problems` holds all of them, not only the first.

    `environment` is the one they were judged for and `decided_by` the variable that chose it.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        *,
        environment: str = "unknown",
        decided_by: str = "unknown",
    ) -> None:
        self.problems = tuple(problems)
        self.environment = environment
        self.decided_by = decided_by
        where = "" if environment == "unknown" else f" in {environment} ({decided_by})"
        count = len(self.problems)
        head = f"Cannot start{where}: {count} setting{'' if count == 1 else 's'} must be mended."
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


class CatalogError(MainstemError):
    """A function definition, or the way it is bound, is wrong."""


class DefinitionError(CatalogError):
    """A definition contradicts itself or a limit of the server. Raised while it is being made."""

    def __init__(self, message: str, *, function_id: str = "", place: str = "") -> None:
        self.function_id = function_id
        self.place = place
        super().__init__(message)


class DuplicateDefinition(CatalogError):
    """Two definitions share one id; `places` says where each was made."""

    def __init__(self, function_id: str, places: tuple[str, str]) -> None:
        self.function_id = function_id
        self.places = places
        super().__init__(
            f"Cannot add function '{function_id}' to the catalogue: it is defined twice, at "
            f"{places[0]} and at {places[1]}. Give one of them another id, or list it once."
        )


class NotBound(CatalogError):
    """A definition was used as if it were a function bound to a client."""

    def __init__(self, function_id: str, attempted: str) -> None:
        self.function_id = function_id
        super().__init__(
            f"Cannot {attempted} '{function_id}': it is a definition, not yet bound to a client. "
            "Bind it first, `Catalog([definition]).bind(client, services)`, and use what "
            "`.functions` holds."
        )


class NotServedHere(NotBound):
    """A function is invoked that this deployment does not have: another part's, or one left out."""

    def __init__(self, function_id: str, why: str) -> None:
        CatalogError.__init__(
            self,
            f"Cannot invoke '{function_id}': {why}. Send the event that it starts on, or serve "
            "both functions in one deployment.",
        )
        self.function_id = function_id


class ForeignClient(CatalogError):
    """A function is bound to another client than the one that would serve it."""

    def __init__(self, function_id: str, *, bound_to: str, served_by: str) -> None:
        self.function_id = function_id
        self.bound_to = bound_to
        self.served_by = served_by
        super().__init__(
            f"Cannot serve function '{function_id}' with {served_by}: it is bound to {bound_to}. "
            "Bind its definition to the client that serves it, "
            "`catalog.bind(client, services).functions`."
        )


class BadEventData(CatalogError):
    """An event's data does not fit its model. `fields` names what is wrong, without values."""

    def __init__(self, message: str, *, event_name: str = "", fields: tuple[str, ...] = ()) -> None:
        self.event_name = event_name
        self.fields = fields
        super().__init__(message)


class AdoptionRefused(CatalogError):
    """A function cannot be adopted; the message says why and what to do instead."""

    def __init__(self, told: str, why: str) -> None:
        super().__init__(f"Cannot adopt {told}: {why}")


class AdoptedInStrictMode(CatalogError):
    """Strict mode found adopted functions. `ids` names them."""

    def __init__(self, adopted: Sequence[tuple[str, str]]) -> None:
        """`adopted` has, for each function, its id and where its handler is."""
        self.ids = tuple(function_id for function_id, _ in adopted)
        told = ", ".join(f"'{function_id}' ({place})" for function_id, place in adopted)
        super().__init__(
            f"Cannot bind in strict mode: {told} were adopted from functions made at import time. "
            "Rewrite them as definitions (`mainstem migrate PATH --write`), or leave strict mode."
        )


class VersionGone(CatalogError):
    """A run holds on to a version that the function no longer has.

    Retried like any error: a deploy that brings the version back lets the run go on.
    """

    def __init__(self, function_id: str, *, label: str, known: Sequence[str]) -> None:
        self.function_id = function_id
        self.label = label
        super().__init__(
            f"Cannot go on with this run of function '{function_id}': it began on version "
            f"'{label}', and the function has only {', '.join(known)}. List the version again, "
            f"Version('{label}', …, rollout(0)), until the runs that began on it have ended."
        )


class UnknownSdk(CatalogError):
    """The installed SDK keeps something elsewhere than the releases that we know."""

    def __init__(self, attempted: str, *, missing: str) -> None:
        from importlib.metadata import version

        self.missing = missing
        super().__init__(
            f"Cannot {attempted}: the installed inngest {version('inngest')} has no {missing}. "
            "Install a release that Mainstem supports (see its dependencies), or report this one."
        )


class GitHubError(MainstemError):
    """Root of what the GitHub client raises; see `mainstem.github`."""


class StoreError(MainstemError):
    """Root of what the store raises; see `mainstem.store`."""


class SimulateError(MainstemError):
    """Root of what the simulated GitHub raises; see `mainstem.simulate`."""
