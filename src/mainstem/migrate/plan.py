"""A plan: what is found, what becomes of it, and the text that the files would then hold."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Kind(Enum):
    """What was found in the source."""

    FUNCTION = "function"
    MAKER = "maker"
    CLIENT = "client"
    SERVE = "serve"
    SEND = "send"
    USE = "use"
    NAME = "name"


class Action(Enum):
    """What becomes of it. Refused things stay as they are, and so does all that they need.

    What is to be done by hand is marked with a comment, and found until that is gone.
    """

    REWRITE = "rewrite"
    REMOVE = "remove"
    ADOPT = "adopt"
    REFUSE = "refuse"
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing found: where, what, and what becomes of it.

    `becomes` is the code or the word for what it turns into; `reason` says why it is refused,
    adopted or taken away.
    """

    file: str
    line: int
    kind: Kind
    what: str
    action: Action
    becomes: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read as Python. `may_matter` when it mentions the SDK."""

    file: str
    reason: str
    may_matter: bool


@dataclass(slots=True)
class Plan:
    """Everything found below the given paths.

    `changes` holds the new bytes of each file that would be changed or made; `settings` what the
    old code said that settings must say from now on; `notes` what else changes for people.
    """

    items: list[Item] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    changes: dict[Path, bytes] = field(default_factory=dict)
    catalog: str | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing is left to migrate, and nothing unread could hide something."""
        return not self.items and not any(one.may_matter for one in self.unreadable)

    def having(self, *actions: Action) -> list[Item]:
        """The items of those actions, in the order of files and lines."""
        return [one for one in self.items if one.action in actions]
