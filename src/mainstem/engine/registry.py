"""Apps and functions: rows on disk, and an index in memory of who listens to which event."""

import hashlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.engine import ids
from mainstem.engine.configuration import FunctionConfig, Trigger, parse_function

Json = Any


@dataclass(frozen=True, slots=True)
class Function:
    """A registered function, ready to be matched and called."""

    id: str
    app_id: str
    version: int
    config: FunctionConfig


@dataclass(frozen=True, slots=True)
class FunctionView:
    """A registered function as others see it; `config` is what the app sent."""

    id: str
    slug: str
    name: str
    triggers: tuple[Mapping[str, Json], ...]
    config: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class AppView:
    """A synced app as others see it; `synced_at` in milliseconds."""

    id: str
    name: str
    url: str
    sdk: str
    framework: str
    synced_at: int
    functions: tuple[FunctionView, ...]


@dataclass(frozen=True, slots=True)
class Registration:
    """The body of a register request, checked."""

    name: str
    url: str
    sdk: str
    framework: str
    raw: tuple[Mapping[str, Json], ...]
    configs: tuple[FunctionConfig, ...]

    @property
    def checksum(self) -> str:
        """Equal for equal registrations."""
        text = json.dumps([self.url, self.sdk, self.framework, self.raw], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_registration(body: Mapping[str, Json]) -> Registration:
    """A register request's body. Raises `BadConfiguration`; a repeated id keeps its last."""
    raw = tuple(body.get("functions") or ())
    return Registration(
        name=str(body.get("appname") or ""),
        url=str(body.get("url") or ""),
        sdk=str(body.get("sdk") or ""),
        framework=str(body.get("framework") or ""),
        raw=raw,
        configs=tuple(parse_function(each, place) for place, each in enumerate(raw)),
    )


class Registry:
    """Which functions there are. Reads the file when told that it changed."""

    def __init__(self) -> None:
        self._by_id: dict[str, Function] = {}
        self._by_slug: dict[str, Function] = {}
        self._by_event: dict[str, list[Function]] = {}
        self._by_prefix: dict[str, list[Function]] = {}

    def reload(self, sql: sqlite3.Connection) -> None:
        """Take what the file says."""
        functions = list(_load(sql))
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


def save_app(sql: sqlite3.Connection, registration: Registration, now: int) -> bool:
    """Store an app and its functions in place of what it had; whether anything changed."""
    app_id = ids.app_id(registration.name)
    known = sql.execute("SELECT checksum FROM apps WHERE id = ?", (app_id,)).fetchone()
    checksum = registration.checksum
    sql.execute(
        "INSERT INTO apps (id, name, url, sdk, framework, checksum, synced) VALUES (?,?,?,?,?,?,?)"
        " ON CONFLICT (id) DO UPDATE SET url = excluded.url, sdk = excluded.sdk,"
        " framework = excluded.framework, checksum = excluded.checksum, synced = excluded.synced",
        (
            app_id,
            registration.name,
            registration.url,
            registration.sdk,
            registration.framework,
            checksum,
            now,
        ),
    )
    if known and known["checksum"] == checksum:
        return False
    sql.execute("UPDATE functions SET archived = 1 WHERE app_id = ?", (app_id,))
    for raw, config in zip(registration.raw, registration.configs, strict=True):
        sql.execute(
            "INSERT INTO functions (id, slug, app_id, name, version, config)"
            " VALUES (?,?,?,?,1,?) ON CONFLICT (slug) DO UPDATE SET app_id = excluded.app_id,"
            " name = excluded.name, version = version + 1, config = excluded.config, archived = 0",
            (ids.function_id(config.slug), config.slug, app_id, config.name, json.dumps(raw)),
        )
    return True


def archive_app(sql: sqlite3.Connection, url: str) -> bool:
    """Take an app's functions away, by its URL; whether there was one."""
    row = sql.execute("SELECT id FROM apps WHERE url = ?", (url,)).fetchone()
    if row is None:
        return False
    sql.execute("UPDATE functions SET archived = 1 WHERE app_id = ?", (row["id"],))
    # A later sync of the same functions must count as a change.
    sql.execute("UPDATE apps SET checksum = '' WHERE id = ?", (row["id"],))
    return True


def view_apps(sql: sqlite3.Connection) -> list[AppView]:
    """Every app with its present functions, in order of names."""
    apps = []
    for row in sql.execute("SELECT * FROM apps ORDER BY name").fetchall():
        functions = sql.execute(
            "SELECT * FROM functions WHERE app_id = ? AND archived = 0 ORDER BY slug", (row["id"],)
        )
        apps.append(
            AppView(
                id=row["id"],
                name=row["name"],
                url=row["url"],
                sdk=row["sdk"],
                framework=row["framework"],
                synced_at=row["synced"],
                functions=tuple(_view(function) for function in functions),
            )
        )
    return apps


def _load(sql: sqlite3.Connection) -> Iterator[Function]:
    for row in sql.execute("SELECT * FROM functions WHERE archived = 0 ORDER BY rowid"):
        config = parse_function(json.loads(row["config"]))
        yield Function(row["id"], row["app_id"], row["version"], config)


def _view(row: sqlite3.Row) -> FunctionView:
    config = json.loads(row["config"])
    return FunctionView(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        triggers=tuple(config.get("triggers") or ()),
        config=config,
    )


def _names(triggers: Iterable[Trigger]) -> set[str]:
    return {trigger.event for trigger in triggers if trigger.event}


def _is_wildcard(name: str) -> bool:
    return name.endswith(("/*", ".*"))
