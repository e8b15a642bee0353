"""A run's log row and its asker's job row: opened once, closed once, never in the way."""

from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from mainstem.catalog import FunctionFailed
from mainstem.catalog.failure import read_failure
from mainstem.functions.capture import capture_pr_details, capture_pr_reviews, records
from mainstem.functions.capture.storing import Tally
from mainstem.functions.events import PrDetailsRequested, PrReviewsRequested
from mainstem.store import NoRowWritten, create_capture_job, load_capture_job_status
from mainstem.testing import run_handler

from .house import NOW, House


@dataclass
class FailureRun:
    """The run of a failure handler, as far as the handler looks."""

    data: FunctionFailed[Any]
    function_id: str = "capture-pr-details"

    async def step(self, _step_id: str, fn: Any, *args: Any) -> Any:
        return await fn(*args)


def make_job(house: House) -> UUID:
    return house.database.write(
        create_capture_job, "reviews", repository_id=house.repository_id, at=NOW
    )


async def capture(house: House, **more: Any) -> None:
    asked = PrReviewsRequested(
        repository_id=house.repository_id, pr_number=min(house.there.pulls), **more
    )
    await run_handler(capture_pr_reviews, asked, house.services, run_id="run-1")


async def test_d01_the_log_row_of_a_run_is_one_and_completed(house: House) -> None:
    await capture(house)
    (log,) = house.rows("sync_logs")
    assert (log["run_key"], log["status"]) == ("capture-pr-reviews:run-1", "completed")
    assert log["records_processed"] == 1 + house.count("reviews")
    assert log["metadata"]["source"] == "inngest"


async def test_d30_a_log_that_cannot_be_written_does_not_stop_a_capture(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.database.write(lambda conn: conn.execute(text("drop table sync_logs")))
    await capture(house)
    assert house.count("pull_requests") == 1
    assert "No sync log for capture-pr-reviews:run-1" in caplog.text


async def test_d30_a_log_row_that_is_lost_meanwhile_does_not_stop_a_capture(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await records.close_log(house.services, uuid4(), Tally())
    assert "stays open" in caplog.text


async def test_a_job_is_completed_by_the_run_that_did_it(house: House) -> None:
    job = make_job(house)
    await capture(house, job_id=job)
    assert house.database.read(load_capture_job_status, job) == "completed"


async def test_a_job_that_does_not_exist_is_an_error(house: House) -> None:
    with pytest.raises(NoRowWritten, match="progressive_capture_jobs"):
        await capture(house, job_id=uuid4())


async def test_an_unhandled_failure_closes_log_and_job_once_for_good(house: House) -> None:
    job = make_job(house)
    asked = PrDetailsRequested(repository_id=house.repository_id, pr_number=99_999, job_id=job)
    with pytest.raises(Exception, match="not found"):
        await run_handler(capture_pr_details, asked, house.services, run_id="run-1")
    assert house.database.read(load_capture_job_status, job) == "pending"
    await records.note_failure(
        house.services, "capture-pr-details:run-1", "NonRetriableError: not found", job
    )
    (log,) = house.rows("sync_logs")
    assert (log["status"], log["error_message"]) == ("failed", "NonRetriableError: not found")
    assert house.database.read(load_capture_job_status, job) == "failed"


async def test_the_failure_handler_finds_the_log_of_the_run_that_failed(house: House) -> None:
    asked = PrDetailsRequested(repository_id=house.repository_id, pr_number=99_999)
    with pytest.raises(Exception, match="not found"):
        await run_handler(capture_pr_details, asked, house.services, run_id="run-1")
    failed = read_failure(
        {
            "function_id": "mainstem-capture-pr-details",
            "run_id": "run-1",
            "error": {"name": "NonRetriableError", "message": "not found"},
            "event": {"name": "capture/pr.details", "data": asked.to_wire()},
        },
        capture_pr_details.on,
    )
    await records.record_failure(cast("Any", FailureRun(failed)), house.services)
    (log,) = house.rows("sync_logs")
    assert (log["status"], log["error_message"]) == ("failed", "NonRetriableError: not found")


async def test_a_failure_before_the_log_was_opened_still_closes_the_job(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(house)
    await records.note_failure(house.services, "capture-pr-details:run-9", "broken", job)
    assert house.database.read(load_capture_job_status, job) == "failed"
    assert "No sync log to close" in caplog.text


@pytest.mark.parametrize(
    ("value", "job_id"),
    [(None, None), ("", None), ("no id", None), (str(UUID(int=7)), UUID(int=7))],
)
def test_a_job_id_is_read_from_data_that_may_be_what_the_run_failed_on(
    value: object, job_id: UUID | None
) -> None:
    assert records.job_id_in({"jobId": value}) == job_id
