"""The calendar day (UTC) of a stored moment, in each database's own words."""

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class utc_day(FunctionElement[str]):  # noqa: N801  SQL functions are spelt in small letters
    """`YYYY-MM-DD` of a moment column. A text, because the databases differ in their dates."""

    type = String()
    inherit_cache = True

    def __init__(self, moment: ColumnElement[Any]) -> None:
        super().__init__(moment)


@compiles(utc_day)
def _on_sqlite(element: utc_day, compiler: Any, **kw: Any) -> str:
    # Our SQLite times are UTC without a zone (see the store's columns).
    return f"date({compiler.process(element.clauses, **kw)})"


@compiles(utc_day, "postgresql")
def _on_postgresql(element: utc_day, compiler: Any, **kw: Any) -> str:
    # The session's zone must not decide what day it was.
    moment = compiler.process(element.clauses, **kw)
    return f"to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
