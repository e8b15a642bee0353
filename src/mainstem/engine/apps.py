"""Apps and their functions as rows, and the views others get of them.

An app is its id; the address it is served at is an attribute that may change. A function belongs to
one app: another app whose function has the same full id is refused, never given it.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mainstem.engine import ids
from mainstem.engine.addresses import is_same_address
from mainstem.engine.errors import FunctionTaken
from mainstem.engine.lifecycle import RunStatus
from mainstem.engine.registration import Registration, SyncMethod, function_checksum

Json = Any


@dataclass(frozen=True, slots=True)
class FunctionView:
    """A registered function as others see it; `config` is what the app sent.

    `version` rises when its own configuration changed, which `changed_at` tells (milliseconds);
    `synced_at` is the last registration that had it. `pending_runs` are those that are queued or
    under way, which an archived function may have as well.
    """

    id: str
    slug: str
    name: str
    triggers: tuple[Mapping[str, Json], ...]
    config: Mapping[str, Json]
    version: int
    synced_at: int
    changed_at: int
    is_archived: bool
    pending_runs: int = 0


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two addresses that both answer and both registered the app: calls go to `url` only."""

    url: str
    other_url: str
    seen_at: int


@dataclass(frozen=True, slots=True)
class AppView:
    """A synced app as others see it; moments in milliseconds.

    `functions` are those it has now, `archived` those it had once. `last_error` is why its last
    sync was refused; a sync that went well takes it away. `workers` counts its Connect workers.
    """

    id: str
    name: str
    url: str
    previous_url: str | None
    sdk: str
    sdk_language: str
    sdk_version: str
    framework: str
    app_version: str | None
    env: str | None
    sync_method: SyncMethod
    synced_at: int
    checksum: str
    last_error: str | None
    last_error_at: int | None
    functions: tuple[FunctionView, ...]
    archived: tuple[FunctionView, ...]
    conflicts: tuple[Conflict, ...]
    workers: int = 0


def save_app(sql: sqlite3.Connection, registration: Registration, now: int) -> bool:
    """Store an app and its functions in place of what it had; whether anything changed.

    Raises `FunctionTaken` when another app has a function of the same full id.
    """
    _expect_own(sql, registration)
    app_id = ids.app_id(registration.name)
    known = sql.execute("SELECT url, checksum FROM apps WHERE id = ?", (app_id,)).fetchone()
    has_moved = known is not None and not is_same_address(known["url"], registration.url)
    sql.execute(
        "INSERT INTO apps (id, name, url, sdk, framework, checksum, synced, app_version, env,"
        " sync_method) VALUES (?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT (id) DO UPDATE SET url = excluded.url, sdk = excluded.sdk,"
        " framework = excluded.framework, checksum = excluded.checksum, synced = excluded.synced,"
        " app_version = excluded.app_version, env = excluded.env,"
        " sync_method = excluded.sync_method, error = NULL, error_at = NULL",
        (
            app_id,
            registration.name,
            registration.url,
            registration.sdk,
            registration.framework,
            registration.checksum,
            now,
            registration.app_version,
            registration.env,
            registration.method,
        ),
    )
    if has_moved:
        sql.execute("UPDATE apps SET previous_url = ? WHERE id = ?", (known["url"], app_id))
    if known and known["checksum"] == registration.checksum:
        sql.execute(
            "UPDATE functions SET synced = ? WHERE app_id = ? AND archived = 0", (now, app_id)
        )
        return False
    sql.execute("UPDATE functions SET archived = 1 WHERE app_id = ?", (app_id,))
    for raw in registration.raw:
        _save_function(sql, app_id, raw, now)
    return True


def save_endpoint(
    sql: sqlite3.Connection, app: str, origin: str, config: Mapping[str, Json], now: int
) -> None:
    """Store a durable endpoint as a function of the app that is named after its origin."""
    app_id = ids.app_id(app)
    sql.execute(
        "INSERT OR IGNORE INTO apps (id, name, url, sdk, framework, checksum, synced, sync_method)"
        " VALUES (?, ?, ?, '', '', '', ?, ?)",
        (app_id, app, origin, now, SyncMethod.ENDPOINT),
    )
    _save_function(sql, app_id, config, now)


def archive_app(sql: sqlite3.Connection, url: str) -> bool:
    """Take an app's functions away, by its address; whether there was one."""
    sql.execute("DELETE FROM rivals WHERE url = ?", (url,))
    row = sql.execute("SELECT id FROM apps WHERE url = ?", (url,)).fetchone()
    if row is None:
        return False
    sql.execute("UPDATE functions SET archived = 1 WHERE app_id = ?", (row["id"],))
    # A later sync of the same functions must count as a change.
    sql.execute("UPDATE apps SET checksum = '' WHERE id = ?", (row["id"],))
    return True


def save_error(
    sql: sqlite3.Connection, error: str, now: int, *, name: str | None = None, url: str = ""
) -> None:
    """Note why an app, by its name or address, was not registered. Unknown apps have no row.

    The same reason again keeps its first moment: an app that is away is asked every few seconds.
    """
    sql.execute(
        "UPDATE apps SET error = ?, error_at = ? WHERE error IS NOT ? AND"
        " (name = ? OR (? IS NULL AND url = ?))",
        (error, now, error, name, name, url),
    )


def other_addresses(sql: sqlite3.Connection, name: str, url: str) -> list[str]:
    """Where else an app was served that now registers from `url`: its last address, its rivals.

    Addresses that another app has taken over meanwhile are left out.
    """
    rows = sql.execute(
        "SELECT url FROM apps WHERE id = :id UNION SELECT url FROM rivals WHERE app_id = :id",
        {"id": ids.app_id(name)},
    )
    taken = {
        row["url"] for row in sql.execute("SELECT url FROM apps WHERE id <> ?", (ids.app_id(name),))
    }
    return [
        row["url"]
        for row in rows
        if row["url"] not in taken and not is_same_address(row["url"], url)
    ]


def save_rivals(sql: sqlite3.Connection, name: str, alive: Iterable[str], now: int) -> None:
    """Remember the other addresses that answer for an app, in place of those known before."""
    app_id = ids.app_id(name)
    sql.execute("DELETE FROM rivals WHERE app_id = ?", (app_id,))
    sql.executemany("INSERT INTO rivals VALUES (?, ?, ?)", [(app_id, url, now) for url in alive])


def view_apps(sql: sqlite3.Connection) -> list[AppView]:
    """Every app with its functions, in order of names."""
    pending = count_pending(sql)
    rows = sql.execute("SELECT * FROM apps ORDER BY name").fetchall()
    return [_view_app(sql, row, pending) for row in rows]


def count_pending(sql: sqlite3.Connection) -> Mapping[str, int]:
    """How many runs of each function, by its id, are queued or under way."""
    rows = sql.execute(
        "SELECT function_id, count(*) FROM runs WHERE status IN (?, ?) GROUP BY function_id",
        (RunStatus.QUEUED, RunStatus.RUNNING),
    )
    return dict(rows.fetchall())


def pending_run_ids(sql: sqlite3.Connection, function_id: str, limit: int) -> list[str]:
    """Some runs of a function that are queued or under way, the oldest first."""
    rows = sql.execute(
        "SELECT id FROM runs WHERE function_id = ? AND status IN (?, ?) ORDER BY id LIMIT ?",
        (function_id, RunStatus.QUEUED, RunStatus.RUNNING, limit),
    )
    return [row["id"] for row in rows]


def served_urls(sql: sqlite3.Connection) -> list[str]:
    """The addresses at which apps are called, but those that were removed or connect themselves."""
    rows = sql.execute(
        "SELECT url FROM apps WHERE checksum <> '' AND sync_method NOT IN (?, ?) ORDER BY name",
        (SyncMethod.CONNECT, SyncMethod.ENDPOINT),
    )
    return [row["url"] for row in rows]


def known_urls(sql: sqlite3.Connection) -> list[str]:
    """Every address at which an app is or, as a rival, was found."""
    rows = sql.execute(
        "SELECT url FROM apps WHERE sync_method <> ? UNION SELECT url FROM rivals",
        (SyncMethod.ENDPOINT,),
    )
    return [row["url"] for row in rows]


def _expect_own(sql: sqlite3.Connection, registration: Registration) -> None:
    slugs = json.dumps([config.slug for config in registration.configs])
    row = sql.execute(
        "SELECT f.slug, a.name FROM functions f JOIN apps a ON a.id = f.app_id"
        " WHERE f.slug IN (SELECT value FROM json_each(?)) AND f.app_id <> ? AND f.archived = 0",
        (slugs, ids.app_id(registration.name)),
    ).fetchone()
    if row is not None:
        raise FunctionTaken(row["slug"], registration.name, row["name"])


def _save_function(sql: sqlite3.Connection, app_id: str, raw: Mapping[str, Json], now: int) -> None:
    slug = raw["id"]
    known = sql.execute(
        "SELECT version, config, changed FROM functions WHERE slug = ?", (slug,)
    ).fetchone()
    version, changed = 1, now
    if known is not None:
        is_equal = function_checksum(json.loads(known["config"])) == function_checksum(raw)
        version = known["version"] + (not is_equal)
        changed = known["changed"] if is_equal else now
    sql.execute(
        "INSERT INTO functions (id, slug, app_id, name, version, config, synced, changed)"
        " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (slug) DO UPDATE SET app_id = excluded.app_id,"
        " name = excluded.name, version = excluded.version, config = excluded.config,"
        " synced = excluded.synced, changed = excluded.changed, archived = 0",
        (ids.function_id(slug), slug, app_id, raw["name"], version, json.dumps(raw), now, changed),
    )


def _view_app(sql: sqlite3.Connection, row: sqlite3.Row, pending: Mapping[str, int]) -> AppView:
    rows = sql.execute("SELECT * FROM functions WHERE app_id = ? ORDER BY slug", (row["id"],))
    functions = [_view(each, pending.get(each["id"], 0)) for each in rows]
    rivals = sql.execute("SELECT * FROM rivals WHERE app_id = ? ORDER BY url", (row["id"],))
    language, _, version = row["sdk"].partition(":")
    return AppView(
        id=row["id"],
        name=row["name"],
        url=row["url"],
        previous_url=row["previous_url"],
        sdk=row["sdk"],
        sdk_language=language,
        sdk_version=version.removeprefix("v"),
        framework=row["framework"],
        app_version=row["app_version"],
        env=row["env"],
        sync_method=SyncMethod(row["sync_method"]),
        synced_at=row["synced"],
        checksum=row["checksum"],
        last_error=row["error"],
        last_error_at=row["error_at"],
        functions=tuple(each for each in functions if not each.is_archived),
        archived=tuple(each for each in functions if each.is_archived),
        conflicts=tuple(Conflict(row["url"], each["url"], each["seen"]) for each in rivals),
    )


def _view(row: sqlite3.Row, pending: int) -> FunctionView:
    config = json.loads(row["config"])
    return FunctionView(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        triggers=tuple(config.get("triggers") or ()),
        config=config,
        version=row["version"],
        synced_at=row["synced"],
        changed_at=row["changed"],
        is_archived=bool(row["archived"]),
        pending_runs=pending,
    )
