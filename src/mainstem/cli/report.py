"""A finished capture as a report for people: what it took, and what the repository looks like."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mainstem.cli.explain import compared

if TYPE_CHECKING:
    from mainstem.cli.captured import CaptureResult
    from mainstem.insights import ListCompleteness, LotteryFactor, RepositorySummary

_BAR_CELLS = 20
_RISK_STYLE = {"low": "green", "medium": "yellow", "high": "red"}
_LISTED_PEOPLE = 8
_LISTS = {
    "pulls": "Pull requests",
    "issues": "Issues",
    "review-comments": "Comments on diffs",
    "comments": "Conversations",
}


def report(result: CaptureResult) -> RenderableType:
    """The whole report; prints well from 60 columns on."""
    summary = result.summary
    return Group(
        _heading(result),
        _section("Repository", _repository(summary)),
        _section("How complete it is", _completeness(summary)),
        _section("How it works", _flow(summary)),
        _section("Who does the work", _people(summary)),
        _section("What the capture took", _effort(result)),
        _section("Rows", _rows(result)),
    )


def _heading(result: CaptureResult) -> Text:
    state = "nothing new: every row was already right" if result.nothing_new else "captured"
    return Text.assemble(
        ("\n" + result.repository, "bold cyan"),
        f"  {state}  ",
        (f"({result.history} history over {result.via}, {result.seconds:.1f} s)", "dim"),
    )


def _section(title: str, body: RenderableType) -> RenderableType:
    return Group(Text(f"\n{title}", style="bold"), Padding(body, (0, 0, 0, 2)))


def _facts(rows: Iterable[tuple[str, str | Text]]) -> Table:
    table = Table.grid(padding=(0, 3))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(name, value)
    return table


def _repository(summary: RepositorySummary) -> Table:
    tally = summary.tally
    return _facts(
        [
            (
                "Pull requests",
                (
                    f"{tally.pulls:,}: {tally.merged_pulls:,} merged, "
                    f"{tally.closed_pulls:,} closed, "
                    f"{tally.open_pulls:,} open ({tally.draft_pulls:,} drafts)"
                ),
            ),
            ("Issues", f"{tally.issues:,}: {tally.open_issues:,} open"),
            ("Reviews", f"{tally.reviews:,}"),
            ("Comments", _comments(summary)),
            ("People", f"{tally.people:,} and {tally.bots:,} bots"),
        ]
    )


def _completeness(summary: RepositorySummary) -> Table:
    how = summary.completeness
    rows: list[tuple[str, str | Text]] = [
        (_LISTS[one.name], _list_of(one)) for one in how.lists if one.total is not None
    ]
    if how.expected_pull_comments:
        said = f"{how.stored_pull_comments:,} of {how.expected_pull_comments:,}"
        rows.append(("… on pull requests", f"{said} comments, by GitHub's count on each"))
    if how.expected_issue_comments:
        said = f"{how.stored_issue_comments:,} of {how.expected_issue_comments:,}"
        rows.append(("… on issues", f"{said} comments, by GitHub's count on each"))
    if how.open_lists:
        behind = f"{how.open_lists:,} lists go on: {how.open_items:,} items still to be read"
        rows.append(("Behind pages", Text(behind, style="yellow")))
    if not rows:
        rows.append(("Totals", "not compared: only a whole history is"))
    return _facts(rows)


def _list_of(one: ListCompleteness) -> Text:
    checked = f", checked {one.counted_at:%Y-%m-%d %H:%M} UTC" if one.counted_at else ""
    style = "green" if one.is_complete else "yellow"
    return Text.assemble((f"{one.stored or 0:,} of {one.total:,}", style), (checked, "dim"))


def _comments(summary: RepositorySummary) -> str:
    tally = summary.tally
    diffs, conversations = tally.review_comments, tally.conversation_comments
    return f"{diffs + conversations:,}: {diffs:,} on diffs, {conversations:,} in conversations"


def _flow(summary: RepositorySummary) -> Table:
    reviewing, responses = summary.reviewing, summary.responses
    coverage = "unknown" if reviewing.coverage is None else f"{reviewing.coverage:.0f} %"
    half_life = summary.issue_half_life_days
    return _facts(
        [
            (
                "Opened to merged",
                (
                    f"median {_span(summary.merge_time.median_hours)}, "
                    f"mean {_span(summary.merge_time.mean_hours)}"
                ),
            ),
            (
                "First response",
                (
                    f"median {_span(responses.all.median_hours)} "
                    f"(pull requests {_span(responses.pulls.median_hours)}, "
                    f"issues {_span(responses.issues.median_hours)}); "
                    f"{responses.unanswered:,} unanswered"
                ),
            ),
            (
                "Review coverage",
                (
                    f"{coverage} of pull requests were reviewed by somebody else "
                    f"({reviewing.reviewed_pulls:,} of {reviewing.pulls:,})"
                ),
            ),
            ("Issue half-life", "unknown" if half_life is None else f"{half_life:,} days"),
            ("Lottery factor", _lottery(summary.lottery_factor)),
            ("… last 30 days", _lottery(summary.recent_lottery_factor)),
        ]
    )


def _lottery(factor: LotteryFactor) -> Text:
    if not factor.pulls:
        return Text("no pull requests", style="dim")
    return Text.assemble(
        (factor.risk, _RISK_STYLE[factor.risk]),
        f": two of {factor.contributors:,} authors opened {factor.top_percentage} % "
        f"of {factor.pulls:,} pull requests",
    )


def _people(summary: RepositorySummary) -> RenderableType:
    people = summary.most_active[:_LISTED_PEOPLE]
    if not people:
        return Text("nobody yet", style="dim")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("Person", overflow="ellipsis", no_wrap=True)
    for column in ("Pulls", "Reviews", "Comments"):
        table.add_column(column, justify="right")
    table.add_column("Together", no_wrap=True)
    most = max(person.total for person in people)
    for person in people:
        table.add_row(
            person.login,
            f"{person.pulls:,}",
            f"{person.reviews:,}",
            f"{person.comments:,}",
            Text(_bar(person.total, most), style="cyan") + Text(f" {person.total:,}"),
        )
    return table


def _effort(result: CaptureResult) -> Table:
    github, engine = result.github, result.engine
    asked = [f"{github.requests:,} requests", f"{github.points:,} points"]
    if github.not_modified:
        asked.append(f"{github.not_modified:,} not modified")
    if github.retries:
        asked.append(f"{github.retries:,} tried again")
    if github.waited_seconds:
        asked.append(f"waited {github.waited_seconds:.0f} s")
    resumed = f" ({engine.resumed:,} left over from before)" if engine.resumed else ""
    return _facts(
        [
            ("GitHub", ", ".join(asked)),
            *(
                [("Plan and bill", compared(result.plan, github, engine.steps))]
                if result.plan
                else []
            ),
            ("Functions", f"{engine.runs:,} runs{resumed}, {engine.steps:,} steps"),
            ("Time", f"{result.seconds:.1f} s"),
            ("Database", result.database),
        ]
    )


def _rows(result: CaptureResult) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("Table")
    for column in ("Inserted", "Updated", "Unchanged"):
        table.add_column(column, justify="right")
    for name, rows in result.rows.items():
        table.add_row(name, f"{rows.inserted:,}", f"{rows.updated:,}", f"{rows.unchanged:,}")
    return table


def _bar(value: int, most: int) -> str:
    return "█" * max(1, round(_BAR_CELLS * value / most)) if value else ""


def _span(hours: float | None) -> str:
    """Hours in the unit people would say.

    >>> _span(0.5), _span(30.0), _span(100.0), _span(None)
    ('30 min', '30 h', '4.2 days', 'unknown')
    """
    if hours is None:
        return "unknown"
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.1f} days"
