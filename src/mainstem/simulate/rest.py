"""The REST half: a path and a query in, an answer out. No I/O, no limits.

Paths follow https://docs.github.com/en/rest ; a repository is found by its name (any case), by a
name it had before (301), or by its id under `/repositories/{id}`.
"""

import heapq
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from mainstem.simulate.answers import DOCS, Answer, failure
from mainstem.simulate.listing import (
    BadPage,
    after_cursor,
    as_githubs_time,
    cursor_for,
    cut,
    in_order,
    link_header,
    sort_of,
    updated_since,
)
from mainstem.simulate.shapes import Shapes
from mainstem.simulate.world import Repository, Row, World

__all__ = ["Rest"]

#: GitHub lists no more than this many commits of a pull request, and events of a repository.
MOST_COMMITS = 250
MOST_EVENTS = 300


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request to a repository's route: where, which numbers in the path, which query."""

    home: Repository
    ids: tuple[str, ...]
    query: Mapping[str, str]
    url: str


class Rest:
    """Answers GET requests from a world. `api` is the address the URLs in answers begin with."""

    def __init__(
        self,
        world: World,
        api: str,
        *,
        now: Callable[[], datetime],
        pending: int,
        cursor_above: int | None = None,
    ) -> None:
        self.world = world
        self.shapes = Shapes(world, api)
        self._now = now
        self._pending = pending
        self._cursor_above = cursor_above
        self._stats_asked: Counter[int] = Counter()
        self._routes = [
            (re.compile(pattern.replace("{}", r"([^/]+)") + "$"), pattern, handler)
            for pattern, handler in self._table()
        ]

    def _table(self) -> list[tuple[str, Callable[[_Ask], Answer]]]:
        return [
            ("", self._repository),
            ("/pulls", self._pulls),
            ("/pulls/comments", self._all_review_comments),
            ("/pulls/comments/{}", self._review_comment),
            ("/pulls/{}", self._pull),
            ("/pulls/{}/reviews", self._reviews),
            ("/pulls/{}/reviews/{}/comments", self._comments_of_review),
            ("/pulls/{}/comments", self._review_comments),
            ("/pulls/{}/commits", self._commits),
            ("/issues", self._issues),
            ("/issues/comments", self._all_issue_comments),
            ("/issues/comments/{}", self._issue_comment),
            ("/issues/{}", self._issue),
            ("/issues/{}/comments", self._issue_comments),
            ("/issues/{}/timeline", self._timeline),
            ("/contributors", self._contributors),
            ("/stats/commit_activity", self._commit_activity),
            ("/events", self._events),
        ]

    def answer(
        self,
        path: str,
        query: Mapping[str, str],
        sees: Callable[[Repository], bool] = lambda _home: True,
    ) -> Answer:
        """What GitHub would say to `GET path?query`; a missing thing is a 404 answer.

        `sees` tells which repositories the caller may know of; the others are missing to it.
        """
        parts = path.strip("/").split("/")
        try:
            if parts[0] == "repos" and len(parts) >= 3:
                name = "/".join(parts[1:3])
                return self._at_repository(path, name, parts[3:], query, sees)
            if parts[0] == "repositories" and len(parts) >= 2:
                home = self.world.find_by_id(_number(parts[1]))
                if home is not None and not sees(home):
                    home = None
                return self._in(home, "/repositories/{id}", parts[2:], query, path)
            if parts[0] in ("users", "user") and len(parts) == 2:
                return self._account(parts[0], parts[1])
        except BadPage as wrong:
            errors = [{"resource": "Search", "field": wrong.field, "code": "invalid"}]
            return failure(422, "Validation Failed", errors=errors)
        return failure(404, "Not Found")

    def _at_repository(
        self,
        path: str,
        name: str,
        rest: Sequence[str],
        query: Mapping[str, str],
        sees: Callable[[Repository], bool],
    ) -> Answer:
        found = self.world.find(name)
        if found is None or not sees(found[0]):
            return failure(404, "Not Found")
        home, moved = found
        if moved and home.refused is None:
            target = "/".join([f"{self.shapes.api}/repositories/{home.id}", *rest])
            target += f"?{urlencode(query)}" if query else ""
            body = {
                "message": "Moved Permanently",
                "url": target,
                "documentation_url": f"{DOCS}/using-the-rest-api/best-practices",
            }
            endpoint = "GET /repos/{owner}/{repo} (moved)"
            return Answer(301, body, {"location": target}, endpoint)
        return self._in(home, "/repos/{owner}/{repo}", rest, query, path)

    def _in(
        self,
        home: Repository | None,
        prefix: str,
        rest: Sequence[str],
        query: Mapping[str, str],
        path: str,
    ) -> Answer:
        if home is None or home.refused == 404:
            return failure(404, "Not Found")
        if home.refused is not None:
            block = {
                "reason": "dmca",
                "created_at": home.record["updated_at"],
                "html_url": "https://github.com/github/dmca",
            }
            return failure(home.refused, "Repository access blocked", block=block)
        tail = "".join(f"/{part}" for part in rest)
        for pattern, name, handler in self._routes:
            match = pattern.match(tail)
            if match is not None:
                ask = _Ask(home, match.groups(), query, self.shapes.api + path)
                answer = handler(ask)
                named = f"GET {prefix}{name.replace('{}', '{number}', 1).replace('{}', '{id}')}"
                return Answer(answer.status, answer.body, answer.headers, named)
        return failure(404, "Not Found")

    # -- the repository ---------------------------------------------------------------------------

    def _repository(self, ask: _Ask) -> Answer:
        headers = {"last-modified": _http_date(ask.home.record["updated_at"])}
        return Answer(200, self.shapes.repository(ask.home), headers)

    def _contributors(self, ask: _Ask) -> Answer:
        """Counted from merged pull requests: commits of the default branch are not known here."""
        counts = Counter(
            row["user"]
            for row in ask.home.pulls.values()
            if row.get("merged_at") and self.world.user(row.get("user"))
        )
        rows = [
            {**(self.shapes.user(user) or {}), "contributions": count}
            for user, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ]
        return self._list(ask, rows, lambda row: row)

    def _commit_activity(self, ask: _Ask) -> Answer:
        """The last 52 weeks; GitHub computes this on demand and says 202 until it is done."""
        self._stats_asked[ask.home.id] += 1
        if self._stats_asked[ask.home.id] <= self._pending:
            return Answer(202, {})
        return Answer(200, _weeks(ask.home, self._now()))

    def _events(self, ask: _Ask) -> Answer:
        if (
            _number(ask.query.get("page", "1")) * _number(ask.query.get("per_page", "30"))
            > MOST_EVENTS
        ):
            message = (
                "In order to keep the API fast for everyone, pagination is limited for this "
                "resource."
            )
            return failure(422, message)
        rows = ask.home.derived(("events", self.shapes.api), lambda: self._recent_events(ask.home))
        answer = self._list(ask, rows, lambda row: row)
        return Answer(200, answer.body, {**answer.headers, "x-poll-interval": "60"})

    def _recent_events(self, home: Repository) -> list[Row]:
        """Openings, reviews, comments, stars and forks, newest first; pushes are not known."""
        found: list[tuple[str, str, int, Row, dict[str, Any]]] = []
        for kind, event, action in (
            ("pulls", "PullRequestEvent", "opened"),
            ("issues", "IssuesEvent", "opened"),
            ("issue_comments", "IssueCommentEvent", "created"),
        ):
            for row in home.ordered(kind, "created_at")[-MOST_EVENTS:]:
                payload: dict[str, Any] = {"action": action}
                if kind == "pulls":
                    payload["number"] = row["number"]
                found.append((row["created_at"], event, row["id"], row, payload))
        for row in home.feed[-MOST_EVENTS:]:
            payload = {"action": "started"}
            if row["type"] == "ForkEvent":
                payload = {"forkee": {"id": row["id"], "fork": True}}
            found.append((row["created_at"], row["type"], row["id"], row, payload))
        newest = heapq.nlargest(MOST_EVENTS, found, key=lambda one: (one[0], one[2]))
        repo = {"id": home.id, "name": home.full_name, "url": self.shapes.home_url(home)}
        return [
            {
                "id": str(10_000_000_000 + number),
                "type": kind,
                "actor": self.shapes.ghosted(row.get("user")),
                "repo": repo,
                "payload": payload,
                "public": True,
                "created_at": at,
            }
            for at, kind, number, row, payload in newest
        ]

    # -- pull requests ----------------------------------------------------------------------------

    def _pulls(self, ask: _Ask) -> Answer:
        state = ask.query.get("state", "open")
        if state not in ("open", "closed", "all"):
            raise BadPage("state", state)
        kept = ("state", "sort", "direction", "base", "head")
        key = ("pulls", *(ask.query.get(name) for name in kept))

        base = ask.query.get("base")

        def keep(row: Row) -> bool:
            return state in ("all", row["state"]) and base in (None, row["base"]["ref"])

        def select() -> Sequence[Row]:
            order, falling = sort_of(ask.query, usual="created", falling=_newest_first(ask))
            wanted = None if state == "all" and base is None else keep
            return ask.home.ordered("pulls", order, falling=falling, keep=wanted)

        rows = ask.home.derived(key, select)
        return self._list(ask, rows, lambda row: self.shapes.pull(ask.home, row, detail=False))

    def _pull(self, ask: _Ask) -> Answer:
        row = ask.home.pulls.get(_number(ask.ids[0]))
        if row is None:
            return failure(404, "Not Found")
        headers = {"last-modified": _http_date(row["updated_at"])}
        return Answer(200, self.shapes.pull(ask.home, row, detail=True), headers)

    def _reviews(self, ask: _Ask) -> Answer:
        number = _number(ask.ids[0])
        if number not in ask.home.pulls:
            return failure(404, "Not Found")
        rows = ask.home.reviews_of(number)
        return self._list(ask, rows, lambda row: self.shapes.review(ask.home, number, row))

    def _comments_of_review(self, ask: _Ask) -> Answer:
        number, review = (_number(part) for part in ask.ids)
        if not any(row["id"] == review for row in ask.home.reviews.get(number, ())):
            return failure(404, "Not Found")
        rows = ask.home.comments_by_review(number).get(review, [])
        return self._list(ask, rows, lambda row: self.shapes.review_comment(ask.home, number, row))

    def _review_comments(self, ask: _Ask) -> Answer:
        number = _number(ask.ids[0])
        if number not in ask.home.pulls:
            return failure(404, "Not Found")
        rows = in_order(
            updated_since(ask.home.review_comments.get(number, []), ask.query.get("since")),
            ask.query,
            usual="created",
            falling=False,
        )
        return self._list(ask, rows, lambda row: self.shapes.review_comment(ask.home, number, row))

    def _all_review_comments(self, ask: _Ask) -> Answer:
        rows = self._whole_list(ask, "review_comments")
        return self._list(
            ask, rows, lambda row: self.shapes.review_comment(ask.home, row["_number"], row)
        )

    def _review_comment(self, ask: _Ask) -> Answer:
        found = ask.home.by_id("review_comments").get(_number(ask.ids[0]))
        if found is None:
            return failure(404, "Not Found")
        return Answer(200, self.shapes.review_comment(ask.home, *found))

    def _commits(self, ask: _Ask) -> Answer:
        number = _number(ask.ids[0])
        if number not in ask.home.pulls:
            return failure(404, "Not Found")
        rows = ask.home.commits.get(number, [])[:MOST_COMMITS]
        return self._list(ask, rows, lambda row: self.shapes.commit(ask.home, row))

    # -- issues, and pull requests as issues ------------------------------------------------------

    def _issues(self, ask: _Ask) -> Answer:
        if not ask.home.record.get("has_issues", True):
            return failure(410, "Issues are disabled for this repo")
        state = ask.query.get("state", "open")
        if state not in ("open", "closed", "all"):
            raise BadPage("state", state)
        kept = ("state", "sort", "direction", "since", "labels", "creator")
        key = ("issues", *(ask.query.get(name) for name in kept))
        rows = ask.home.derived(key, lambda: self._selected_issues(ask, state))
        if self._cursor_above is not None and len(rows) > self._cursor_above:
            return self._by_cursor(ask, rows, lambda row: self.shapes.issue(ask.home, row))
        return self._list(ask, rows, lambda row: self.shapes.issue(ask.home, row))

    def _selected_issues(self, ask: _Ask, state: str) -> Sequence[Row]:
        labels = {name for name in ask.query.get("labels", "").split(",") if name}
        creator = ask.query.get("creator")

        def keep(row: Row) -> bool:
            return (
                state in ("all", row["state"])
                and labels <= {one["name"] for one in row.get("labels", ())}
                and (
                    creator is None
                    or (self.world.user(row.get("user")) or {}).get("login") == creator
                )
            )

        order, falling = sort_of(ask.query, usual="created", falling=True)
        since = ask.query.get("since")
        return ask.home.ordered(
            "items",
            order,
            falling=falling,
            since=None if since is None else as_githubs_time(since),
            keep=keep if state != "all" or labels or creator is not None else None,
        )

    def _issue(self, ask: _Ask) -> Answer:
        row = self._item(ask)
        if row is None:
            return self._gone(ask)
        headers = {"last-modified": _http_date(row["updated_at"])}
        return Answer(200, self.shapes.issue(ask.home, row), headers)

    def _gone(self, ask: _Ask) -> Answer:
        """A deleted issue is 410, a transferred one 301, and what never was 404."""
        number = _number(ask.ids[0])
        if number not in ask.home.gone:
            return failure(404, "Not Found")
        to = ask.home.gone[number]
        if to is None:
            return failure(410, "This issue was deleted")
        target = f"{self.shapes.api}/repositories/{to[0]}/issues/{to[1]}"
        body = {"message": "Moved Permanently", "url": target, "documentation_url": DOCS}
        return Answer(301, body, {"location": target})

    def _issue_comments(self, ask: _Ask) -> Answer:
        number = _number(ask.ids[0])
        if self._item(ask) is None:
            return failure(404, "Not Found")
        rows = sorted(ask.home.issue_comments.get(number, ()), key=lambda row: int(row["id"]))
        since = updated_since(rows, ask.query.get("since"))
        return self._list(ask, since, lambda row: self.shapes.issue_comment(ask.home, number, row))

    def _all_issue_comments(self, ask: _Ask) -> Answer:
        rows = self._whole_list(ask, "issue_comments")
        return self._list(
            ask, rows, lambda row: self.shapes.issue_comment(ask.home, row["_number"], row)
        )

    def _issue_comment(self, ask: _Ask) -> Answer:
        found = ask.home.by_id("issue_comments").get(_number(ask.ids[0]))
        if found is None:
            return failure(404, "Not Found")
        return Answer(200, self.shapes.issue_comment(ask.home, *found))

    def _timeline(self, ask: _Ask) -> Answer:
        """Comments, reviews that are more than replies, and recorded events, in their order."""
        number = _number(ask.ids[0])
        if self._item(ask) is None:
            return failure(404, "Not Found")
        home, shapes = ask.home, self.shapes
        entries: list[tuple[int, str, Row]] = []
        for row in home.issue_comments.get(number, ()):
            shown = {**shapes.issue_comment(home, number, row), "event": "commented"}
            entries.append((row.get("_seq", 0), row["created_at"], shown))
        for row in home.reviews.get(number, ()):
            if "_comments" not in row:
                shown = {**shapes.review(home, number, row), "event": "reviewed"}
                entries.append((row.get("_seq", 0), row.get("submitted_at") or "", shown))
        for row in home.events.get(number, ()):
            shown = {name: value for name, value in row.items() if not name.startswith("_")}
            shown["actor"] = shapes.user(row.get("actor"))
            entries.append((row.get("_seq", 0), row.get("created_at") or "", shown))
        entries.sort(key=lambda entry: entry[:2])
        return self._list(ask, [entry[2] for entry in entries], lambda row: row)

    def _account(self, kind: str, name: str) -> Answer:
        endpoint = "GET /users/{login}" if kind == "users" else "GET /user/{id}"
        for row in self.world.users.values():
            if (kind == "users" and row["login"].lower() == name.lower()) or (
                kind == "user" and str(row["id"]) == name
            ):
                return Answer(200, self.shapes.account(row), {}, endpoint)
        return Answer(404, failure(404, "Not Found").body, {}, endpoint)

    # -- lists ------------------------------------------------------------------------------------

    def _whole_list(self, ask: _Ask, kind: str) -> Sequence[Row]:
        """A repository-wide list of comments, sorted once and cut where `since` begins."""
        order, falling = sort_of(ask.query, usual="id", falling=False)
        order = order if order.endswith("_at") else "created_at"  # comments have none themselves
        since = ask.query.get("since")
        key = (kind, order, falling, since)
        return ask.home.derived(
            key,
            lambda: ask.home.ordered(
                kind,
                order,
                falling=falling,
                since=None if since is None else as_githubs_time(since),
            ),
        )

    def _list(self, ask: _Ask, rows: Sequence[Row], show: Callable[[Row], Any]) -> Answer:
        part = cut(rows, ask.query)
        link = link_header(ask.url, ask.query, part)
        return Answer(200, [show(row) for row in part.rows], {} if link is None else {"link": link})

    def _by_cursor(self, ask: _Ask, rows: Sequence[Row], show: Callable[[Row], Any]) -> Answer:
        """A list too long for page numbers: `Link` leads on by cursor, and has no last page.

        Seen of large repositories' issues: google/go-github#3565, MeltanoLabs/tap-github#415.
        """
        if _number(ask.query.get("page", "1")) > 1:
            message = (
                "Pagination with the page parameter is not supported for large datasets, please "
                "use cursor based pagination (after/before)"
            )
            return failure(422, message)
        size = cut((), ask.query).size
        start = after_cursor(rows, ask.query.get("after"), str(ask.query.get("sort", "created")))
        page = rows[start : start + size]
        headers = {}
        if start + size < len(rows):
            kept = {name: value for name, value in ask.query.items() if name != "page"}
            kept["after"] = cursor_for(page[-1], str(ask.query.get("sort", "created")))
            headers["link"] = f'<{ask.url}?{urlencode(kept)}>; rel="next"'
        return Answer(200, [show(row) for row in page], headers)

    def _item(self, ask: _Ask) -> Row | None:
        number = _number(ask.ids[0])
        return ask.home.pulls.get(number) or ask.home.issues.get(number)


def _number(text: str) -> int:
    """The number in a path; -1, which nothing has, when it is not one."""
    return int(text) if text.isascii() and text.isdigit() else -1


def _http_date(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%a, %d %b %Y %H:%M:%S GMT")


def _weeks(home: Repository, now: datetime) -> list[Row]:
    """Commits per week and day (from Sunday) for the 52 weeks that end at `now`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    sunday = midnight - timedelta(days=(now.weekday() + 1) % 7)
    first = sunday - timedelta(weeks=51)
    days: Counter[int] = Counter()
    by_sha = {row["sha"]: row for rows in home.commits.values() for row in rows}
    for row in by_sha.values():
        days[(datetime.fromisoformat(row["committer"]["date"]) - first).days] += 1
    weeks = []
    for week in range(52):
        counts = [days[week * 7 + day] for day in range(7)]
        at = int((first + timedelta(weeks=week)).timestamp())
        weeks.append({"days": counts, "total": sum(counts), "week": at})
    return weeks


def _newest_first(ask: _Ask) -> bool:
    """Pull requests fall by creation, and rise by anything else, unless told otherwise."""
    return ask.query.get("sort", "created") == "created"
