"""The functions registered now, indexed in memory by who listens to which event."""

import json
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from mainstem.engine.configuration import FunctionConfig, Trigger, parse_function
from mainstem.engine.errors import BadConfiguration

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Function:
    """A registered function, ready to be matched and called."""

    id: str
    app_id: str
    version: int
    config: FunctionConfig


class Registry:
    """Which functions there are. Reads the file when told that it changed."""

    def __init__(self) -> None:
        self._by_id: dict[str, Function] = {}
        self._archived: dict[str, Function] = {}
        self._by_slug: dict[str, Function] = {}
        self._by_event: dict[str, list[Function]] = {}
        self._by_prefix: dict[str, list[Function]] = {}

    def reload(self, sql: sqlite3.Connection) -> None:
        """Take what the file says."""
        functions = list(_load(sql, _REGISTERED))
        self._archived = {function.id: function for function in _load(sql, _ARCHIVED)}
        self._by_id = {function.id: function for function in functions}
        self._by_slug = {function.config.slug: function for function in functions}
        by_event: defaultdict[str, list[Function]] = defaultdict(list)
        by_prefix: defaultdict[str, list[Function]] = defaultdict(list)
        for function in functions:
            for name in _names(function.config.triggers):
                index, key = (by_prefix, name[:-1]) if _is_wildcard(name) else (by_event, name)
                index[key].append(function)
        self._by_event, self._by_prefix = dict(by_event), dict(by_prefix)

    def get(self, function_id: str) -> Function | None:
        """The function with this id or slug, if it is registered now."""
        return self._by_id.get(function_id) or self._by_slug.get(function_id)

    def called(self, function_id: str) -> Function | None:
        """The function whose runs go on: registered, or given up by an app that may still answer.

        What it left under way is called at the app's address of now.
        """
        return self._by_id.get(function_id) or self._archived.get(function_id)

    def all(self) -> Sequence[Function]:
        """Every function registered now."""
        return tuple(self._by_id.values())

    def listening(self, event_name: str) -> list[Function]:
        """The functions with a trigger of this name, each once."""
        found = {function.id: function for function in self._by_event.get(event_name, ())}
        for end, character in enumerate(event_name, start=1):
            if character in "/.":
                for function in self._by_prefix.get(event_name[:end], ()):
                    found.setdefault(function.id, function)
        return list(found.values())


def matches(trigger: Trigger, event_name: str) -> bool:
    """Whether a trigger's name covers an event's."""
    if trigger.event is None:
        return False
    if _is_wildcard(trigger.event):
        return event_name.startswith(trigger.event[:-1])
    return trigger.event == event_name


_REGISTERED: Final = "SELECT * FROM functions WHERE archived = 0 ORDER BY rowid"
# Only those that are still needed: an app in development gives up many over the months.
_ARCHIVED: Final = """
    SELECT f.*, a.url FROM functions f JOIN apps a ON a.id = f.app_id WHERE f.archived = 1
    AND f.id IN (SELECT DISTINCT function_id FROM runs WHERE status IN ('QUEUED', 'RUNNING'))
"""


def _load(sql: sqlite3.Connection, question: str) -> Iterator[Function]:
    for row in sql.execute(question):
        try:
            config = parse_function(json.loads(row["config"]))
        except BadConfiguration as error:
            # An older version took it, so it must not keep this one from opening the file.
            _LOG.warning("%s It starts nothing until its app is synced again.", error)
            continue
        if row["archived"] and not config.is_connected:
            config = replace(
                config, url=f"{row['url']}?{urlencode({'fnId': config.slug, 'stepId': 'step'})}"
            )
        yield Function(row["id"], row["app_id"], row["version"], config)


def _names(triggers: Iterable[Trigger]) -> set[str]:
    return {trigger.event for trigger in triggers if trigger.event}


def _is_wildcard(name: str) -> bool:
    return name.endswith(("/*", ".*"))
