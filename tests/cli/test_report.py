"""The report that a capture ends with."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from mainstem.cli.captured import CaptureResult
from mainstem.cli.capturing import EngineUse
from mainstem.cli.report import report
from mainstem.cli.tally import RowsWritten
from mainstem.github import Usage
from mainstem.insights import (
    Activity,
    Completeness,
    Freshness,
    ListCompleteness,
    LotteryFactor,
    RepositorySummary,
    Responses,
    Reviewing,
    Spread,
    Tally,
)

SPREAD = Spread(count=3, mean_hours=100.0, median_hours=0.5)
UNKNOWN = Spread(count=0, mean_hours=None, median_hours=None)
SUMMARY = RepositorySummary(
    repository="octo/hello",
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
    include_bots=False,
    tally=Tally(1200, 30, 2, 1100, 70, 40, 4, 900, 1500, 2500, 17, 2),
    most_active=(Activity("ada", 3, 2, 1), Activity("bob", 1, 0, 0)),
    lottery_factor=LotteryFactor("medium", 44, 17, 1200, ()),
    recent_lottery_factor=LotteryFactor("low", 0, 0, 0, ()),
    merge_time=SPREAD,
    reviewing=Reviewing(900, 10, 1200, 600, 50.0, ()),
    responses=Responses(SPREAD, UNKNOWN, SPREAD, 7, ()),
    issue_half_life_days=None,
    freshness=Freshness(None, None, None),
    completeness=Completeness(
        "success",
        1200,
        1200,
        100.0,
        0,
        0,
        None,
        34,
        (),
        (
            ListCompleteness("pulls", 1200, 1200, True, datetime(2026, 1, 1, 9, 30, tzinfo=UTC)),
            ListCompleteness("issues", 45, 40, False, datetime(2026, 1, 1, 9, 31, tzinfo=UTC)),
            ListCompleteness("comments", None, None, None, None),
        ),
        open_lists=2,
        open_items=140,
        expected_pull_comments=5000,
        stored_pull_comments=4990,
    ),
)
RESULT = CaptureResult(
    repository="octo/hello",
    via="graphql",
    history="full",
    database="sqlite:///x.db",
    seconds=12.34,
    nothing_new=False,
    engine=EngineUse(runs=5, steps=80, calls=90, resumed=1),
    github=Usage(70, 5, 65, 210, 4, 1, 3.0, 4999, 4000, 5000, 5000, {}),
    rows={"pull_requests": RowsWritten(1200, 0, 0)},
    summary=SUMMARY,
)


def printed(result: CaptureResult, *, width: int = 100) -> str:
    out = io.StringIO()
    Console(width=width, file=out).print(report(result))
    return out.getvalue()


@pytest.mark.parametrize(
    "line",
    [
        "1,200: 1,100 merged, 70 closed, 30 open (2 drafts)",
        "4,000: 1,500 on diffs, 2,500 in conversations",
        "median 30 min, mean 4.2 days",
        "issues unknown); 7 unanswered",
        "50 % of pull requests were reviewed by somebody else (600 of 1,200)",
        "medium: two of 17 authors opened 44 % of 1,200 pull requests",
        "no pull requests",
        "70 requests, 210 points, 4 not modified, 1 tried again, waited 3 s",
        "1,200 of 1,200, checked 2026-01-01 09:30 UTC",
        "40 of 45, checked 2026-01-01 09:31 UTC",
        "4,990 of 5,000 comments, by GitHub's count on each",
        "2 lists go on: 140 items still to be read",
        "5 runs (1 left over from before), 80 steps",
    ],
)
def test_the_report_says_in_words(line: str) -> None:
    assert line in printed(RESULT)


def test_a_run_that_changed_nothing_says_so_first() -> None:
    assert "nothing new" in printed(replace(RESULT, nothing_new=True)).splitlines()[1]


def test_an_empty_repository_has_a_report_too() -> None:
    empty = replace(SUMMARY, most_active=(), tally=Tally(*[0] * 12))
    assert "nobody yet" in printed(replace(RESULT, summary=empty))


def test_the_report_fits_a_narrow_terminal() -> None:
    assert max(map(len, printed(RESULT, width=60).splitlines())) <= 60
