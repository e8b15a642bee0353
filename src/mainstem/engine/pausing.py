"""Functions that are paused: while one is, what would start it starts nothing.

Runs under way go on. Inngest SDK protocol, "Flow control": the check stands after the singleton
and before the run is created, so rate limits, debounces and batches go on counting.
"""

import sqlite3


def pause_function(sql: sqlite3.Connection, function_id: str, now: int) -> int:
    """Pause a function; since when it is paused (milliseconds), which a second call keeps."""
    sql.execute("INSERT OR IGNORE INTO paused_functions VALUES (?, ?)", (function_id, now))
    return paused_since(sql, function_id) or now


def resume_function(sql: sqlite3.Connection, function_id: str) -> bool:
    """Let a function start runs again; whether it was paused."""
    cursor = sql.execute("DELETE FROM paused_functions WHERE function_id = ?", (function_id,))
    return cursor.rowcount > 0


def paused_since(sql: sqlite3.Connection, function_id: str) -> int | None:
    """Since when a function is paused (milliseconds), or None if it is not."""
    row = sql.execute(
        "SELECT since FROM paused_functions WHERE function_id = ?", (function_id,)
    ).fetchone()
    return None if row is None else int(row["since"])
