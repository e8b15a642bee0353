"""What became of each request to an app: the history behind a run's steps.

A row is written with what the answer changed, in one transaction. `number` is the id of the job
that was sent, so the attempts of a run are in order and none is counted twice.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any, Final, Literal

from mainstem.engine.jobs import Job
from mainstem.engine.wire import Answer, Broken, Raised, Reported, Returned

Json = Any
Outcome = Literal["returned", "raised", "reported", "broken"]
# An error's text may hold megabytes; the run's output keeps it whole, the history its beginning.
_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One request to the app as others see it; moments in milliseconds.

    `kind` is the job's (start, discover, target), `step_id` the hash of the one step it was for,
    `outcome` how it ended: the function `returned`, it `raised`, steps were `reported`, or there
    was no proper answer (`broken`). `detail` is the error, or the reported steps as `[op, id]`.
    """

    number: int
    kind: str
    step_id: str | None
    attempt: int
    generation: int
    started_at: int
    ended_at: int
    outcome: Outcome
    detail: Json


def record_attempt(
    sql: sqlite3.Connection, job: Job, answer: Answer, *, started: int, ended: int
) -> None:
    """Write down how a request ended."""
    outcome, detail = _told(answer)
    sql.execute(
        "INSERT OR REPLACE INTO attempts VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            job.run_id,
            job.id,
            job.kind,
            job.step_id,
            job.attempt,
            job.generation,
            started,
            ended,
            outcome,
            None if detail is None else json.dumps(detail, ensure_ascii=False),
        ),
    )


def attempts_of(sql: sqlite3.Connection, run_id: str) -> list[AttemptView]:
    """The attempts of a run in order."""
    rows = sql.execute("SELECT * FROM attempts WHERE run_id = ? ORDER BY number", (run_id,))
    return [
        AttemptView(
            number=row["number"],
            kind=row["kind"],
            step_id=row["step_id"],
            attempt=row["attempt"],
            generation=row["generation"],
            started_at=row["started"],
            ended_at=row["ended"],
            outcome=row["outcome"],
            detail=None if row["detail"] is None else json.loads(row["detail"]),
        )
        for row in rows
    ]


def _told(answer: Answer) -> tuple[Outcome, Json]:
    match answer:
        case Returned():
            return "returned", None
        case Reported(ops=ops):
            return "reported", [[op.op, op.id] for op in ops]
        case Raised(error=error):
            return "raised", _shortened(error)
        case Broken(error=error):
            return "broken", _shortened(error)


def _shortened(error: Any) -> dict[str, Json]:
    return {
        key: value[:_KEPT] if isinstance(value, str) else value
        for key, value in dict(error).items()
    }
