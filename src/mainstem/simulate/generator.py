"""Makes up a lifelike repository: the same seed gives the same world, to the last character.

What is hard about real ones is in it: long threads and bursts, deleted accounts, bots, a mannequin,
ids beyond 32 bits, drafts, texts that are null, equal times, and replies that each make a review of
their own (state COMMENTED, empty body), as at GitHub.
"""

import itertools
import random
from datetime import UTC, datetime, timedelta

from mainstem.errors import SimulateError
from mainstem.simulate import changes
from mainstem.simulate.prose import Prose
from mainstem.simulate.sizes import (
    ADDITIONS,
    FILES,
    SHAPES,
    Shape,
    draw,
    ranks,
)
from mainstem.simulate.tiles import TiledRepository
from mainstem.simulate.world import GHOST_ID, Repository, Row, World

__all__ = ["DEFAULT_UNTIL", "generate"]

DEFAULT_UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)
#: From so many pull requests on, a repository is not held as a whole.
MOST_WHOLE = 5_000
PER_TILE = 1_000
_REPOSITORY_ID = 600_100_200
_BASE_ASSOCIATIONS = ("MEMBER", "COLLABORATOR", "CONTRIBUTOR", "NONE")


def generate(
    seed: int,
    pulls: int = 300,
    *,
    issues: int | None = None,
    people: int | None = None,
    owner: str = "riverside",
    name: str = "harbour",
    until: datetime = DEFAULT_UNTIL,
    shape: str = "lifelike",
) -> World:
    """A world with one repository of `pulls` pull requests and `issues` issues.

    Left out, `issues` follows from the shape (two fifths of `pulls` for a lifelike one). `until`
    (aware) is the last moment that anything happened. `shape` is one of `SHAPES`. From 5,000 pull
    requests on, the repository is derived from a small one as it is asked for
    (`TiledRepository`). Raises `SimulateError` for a count below one (pull requests) or zero
    (issues), and for a shape that there is not.
    """
    kind = SHAPES.get(shape)
    if kind is None:
        raise SimulateError(
            f"Cannot generate a repository of shape '{shape}'. Take one of {', '.join(SHAPES)}."
        )
    if pulls >= MOST_WHOLE:
        return _tiled(seed, pulls, issues, people, owner, name, until, shape)
    issues = max(1, int(pulls * kind.issues_share)) if issues is None else issues
    if pulls < 1 or issues < 0:
        raise SimulateError(
            f"Cannot generate a repository of {pulls} pull requests and {issues} issues: "
            "there has to be at least one pull request, and not less than no issue."
        )
    word = "" if shape == "lifelike" else f"/{shape}"
    rng = random.Random(f"{seed}/{pulls}/{issues}{word}")  # noqa: S311
    maker = _Maker(rng, until, span_days=30 + 2.2 * pulls, shape=kind)
    maker.people(people or max(8, pulls // 4), owner)
    return maker.repository(owner, name, pulls, issues)


def _tiled(
    seed: int,
    pulls: int,
    issues: int | None,
    people: int | None,
    owner: str,
    name: str,
    until: datetime,
    shape: str,
) -> World:
    """A repository told in tiles of about a thousand pull requests, over ten years or so.

    Each tile has the same number; issues are rounded up to that.
    """
    kind = SHAPES[shape]
    if issues is None:
        issues = int(pulls * kind.issues_share)
    wanted = max(1, round((pulls + issues) / (1.4 * PER_TILE)))
    tiles = next(count for count in range(min(wanted, pulls), 0, -1) if pulls % count == 0)
    days = max(2, 3_650 // tiles)
    per_tile = pulls // tiles
    per_tile_issues = -(-issues // tiles)
    rng = random.Random(f"{seed}/{pulls}/tiled/{shape}")  # noqa: S311
    first = until - timedelta(days=days * (tiles - 1))
    maker = _Maker(rng, first, span_days=days, shape=kind)
    maker.people(people or per_tile, owner)
    world = maker.repository(owner, name, per_tile, per_tile_issues)
    large = TiledRepository(world.repository, tiles, days)
    large.record["open_issues_count"] *= tiles
    for moment in ("updated_at", "pushed_at"):
        large.record[moment] = large.newest()
    return World(users=world.users, repositories=[large])


class _Maker:
    """Holds what one generation shares: chance, words, the span of time, and the ids given out."""

    def __init__(
        self, rng: random.Random, until: datetime, *, span_days: float, shape: Shape
    ) -> None:
        self.rng = rng
        self.shape = shape
        self.prose = Prose(rng)
        self.until = until.astimezone(UTC).replace(microsecond=0)
        self.start = self.until - timedelta(days=round(span_days))
        self.users: dict[int, Row] = {}
        self.authors: list[int] = []
        self.weights: list[float] = []
        self.summed: list[float] = []
        self.maintainers: list[int] = []
        self.bots: list[int] = []
        self.mannequin = 0
        self.ids: set[tuple[str, int]] = set()
        self.labels = self.prose.labels()

    # -- people -----------------------------------------------------------------------------------

    def people(self, count: int, owner: str) -> None:
        """People of very different diligence, two bots, a mannequin, and the ghost account."""
        taken = {owner}
        self._user(90_000_001, owner, "Organization")
        for place in range(count):
            user = 1_000_000 + place * 7_919 + self.rng.randrange(7_000)
            row = self._user(user, self.prose.login(taken), "User")
            row["name"] = self.prose.person()
            if self.rng.random() < 0.04 or place == 3:
                row["_former_logins"] = [self.prose.login(taken)]
            self.authors.append(user)
            self.weights.append(1 / (place + 1) ** 0.9)
        self.summed = list(itertools.accumulate(self.weights))
        self.maintainers = self.authors[: max(3, count // 20)]
        for place, login in enumerate(("tide-keeper[bot]", "lockstep[bot]")):
            self.bots.append(self._user(41_000_000 + place, login, "Bot")["id"])
        self.mannequin = self._user(52_000_000, "imported-sailor", "Mannequin")["id"]
        self._user(GHOST_ID, "ghost", "User")

    def _user(self, user_id: int, login: str, kind: str) -> Row:
        self.users[user_id] = {"login": login, "id": user_id, "type": kind, "site_admin": False}
        return self.users[user_id]

    def anyone(self) -> int:
        return self.rng.choices(self.authors, cum_weights=self.summed)[0]

    def author(self, place: int) -> int:
        """Who opens item number `place`: mostly people, now and then a bot or a ghost."""
        if place == 1:
            return self.mannequin
        chance = self.rng.random()
        if chance < 0.06 or place == 2:
            return self.bots[0]
        if chance < 0.075 or place == 4:
            return GHOST_ID
        return self.anyone()

    def association(self, user: int | None) -> str:
        if user is None or user == GHOST_ID:
            return "NONE"
        if user in self.maintainers:
            return "MEMBER"
        return "MANNEQUIN" if user == self.mannequin else "CONTRIBUTOR"

    # -- time and ids -----------------------------------------------------------------------------

    def births(self, count: int) -> list[datetime]:
        """`count` moments in order: steady work, and bursts where many come within hours."""
        seconds = (self.until - self.start).total_seconds()
        moments: list[float] = []
        while len(moments) < count:
            at = self.rng.random() * 0.995
            burst = self.rng.randrange(4, 12) if self.rng.random() < 0.03 else 1
            for _ in range(burst):
                moments.append(min(0.998, at + self.rng.random() * 0.001))  # noqa: PERF401
        many = self.shape.same_time
        if many > 1:  # a release opens a lot of pull requests in one second
            moments = [moments[place - place % many] for place in range(count)]
        return sorted(
            self.start + timedelta(seconds=int(part * seconds)) for part in moments[:count]
        )

    def after(self, at: datetime, days: float) -> datetime:
        """A moment after `at`, mostly within `days`, at times later, never beyond the end."""
        wait = timedelta(days=days * self.rng.expovariate(1.0)) + timedelta(seconds=1)
        return min(self.until, (at + wait).replace(microsecond=0))

    def id(self, kind: str, at: datetime) -> int:
        """An id that grows with time and passes 2³¹ on the way, as GitHub's have."""
        part = (at - self.start) / (self.until - self.start)
        wanted = int(2**31 * (0.55 + 0.95 * part)) + self.rng.randrange(64)
        while (kind, wanted) in self.ids:
            wanted += 1
        self.ids.add((kind, wanted))
        return wanted

    # -- the repository ---------------------------------------------------------------------------

    def repository(self, owner: str, name: str, pulls: int, issues: int) -> World:
        home = Repository(record=self._record(owner, name))
        births = self.births(pulls + issues)
        is_pull = [True] * pulls + [False] * issues
        self.rng.shuffle(is_pull)
        sizes = {
            kind: ranks(pulls, self.rng)
            for kind in ("threads", "comments", "commits", "files", "additions")
        }
        issue_sizes = ranks(issues, self.rng) if issues else []
        done = 0
        for number, (at, pull) in enumerate(zip(births, is_pull, strict=True), start=1):
            if pull:
                ranked = {kind: values[done] for kind, values in sizes.items()}
                self._pull(home, number, at, done, ranked)
                done += 1
            else:
                self._issue(home, number, at, issue_sizes.pop())
        self._bulk_labelling(home)
        if self.shape.asked:
            self._ask_reviewers(home)
        self._talk(home, int(pulls * self.shape.discussions_share))
        self._stars(home, int(pulls * self.shape.stars_share))
        self._finish(home)
        return World(users=self.users, repositories=[home])

    def _record(self, owner: str, name: str) -> Row:
        return {
            "id": _REPOSITORY_ID,
            "name": name,
            "full_name": f"{owner}/{name}",
            "owner": 90_000_001,
            "private": False,
            "visibility": "public",
            "description": "A harbour that only exists to be captured",
            "fork": False,
            "homepage": None,
            "language": "Python",
            "forks_count": self.rng.randrange(10, 900),
            "stargazers_count": self.rng.randrange(50, 9000),
            "size": self.rng.randrange(500, 90_000),
            "default_branch": "main",
            "is_template": False,
            "topics": ["tides", "harbour"],
            "has_issues": True,
            "has_projects": True,
            "has_wiki": False,
            "has_pages": False,
            "has_downloads": True,
            "has_discussions": False,
            "archived": False,
            "disabled": False,
            "allow_forking": True,
            "license": {
                "key": "apache-2.0",
                "name": "Apache License 2.0",
                "spdx_id": "Apache-2.0",
                "node_id": "L_pretend",
                "url": None,
            },
            "created_at": _text(self.start - timedelta(days=1)),
            "updated_at": _text(self.start - timedelta(days=1)),
        }

    def _pull(
        self, home: Repository, number: int, at: datetime, place: int, rank: dict[str, float]
    ) -> None:
        author = self.author(place)
        commits = self._commits(home, number, at, draw(self.shape.commits, rank["commits"]))
        row = self._text_row("pull", number, at, author)
        row |= {
            "_author": author,
            "head": self._head(home, author, commits),
            "base": {
                "label": f"{home.full_name.partition('/')[0]}:main",
                "ref": "main",
                "sha": self.prose.sha(),
                "user": home.record["owner"],
                "repo": {"id": home.id, "full_name": home.full_name},
            },
            "additions": draw(ADDITIONS, rank["additions"]),
            "deletions": draw(ADDITIONS, rank["additions"] * 0.8),
            "changed_files": draw(FILES, rank["files"]),
            "commits": len(commits),
            "requested_reviewers": [],
            "requested_teams": [],
            "mergeable": self.rng.choice((True, True, False, None)),
            "mergeable_state": "unknown",
            "rebaseable": None,
            "maintainer_can_modify": True,
            "merge_commit_sha": self.prose.sha(),
            "_issue_id": self.id("issue", at),
        }
        home.pulls[number] = row
        last = self._review_rounds(home, row, at, draw(self.shape.threads, rank["threads"]))
        last = max(
            last, self._conversation(home, number, at, draw(self.shape.comments, rank["comments"]))
        )
        self._outcome(home, row, last)

    def _text_row(self, kind: str, number: int, at: datetime, author: int) -> Row:
        labels = self.rng.sample(self.labels, self.rng.choice((0, 0, 0, 1, 1, 2)))
        assignee = self.rng.choice(self.maintainers) if self.rng.random() < 0.1 else None
        return {
            "id": self.id(kind, at),
            "number": number,
            "title": self.prose.title(),
            "body": None if self.rng.random() < 0.08 else self.prose.body(),
            "user": author,
            "author_association": self.association(author),
            "locked": False,
            "labels": labels,
            "milestone": None,
            "assignee": assignee,
            "assignees": [] if assignee is None else [assignee],
            "created_at": _text(at),
            "updated_at": _text(at),
        }

    def _head(self, home: Repository, author: int, commits: list[Row]) -> Row:
        branch = self.prose.branch()
        head: Row = {
            "label": None,
            "ref": branch,
            "sha": commits[-1]["sha"],
            "user": None,
            "repo": None,
        }
        if author == GHOST_ID:
            return head
        login = self.users[author]["login"]
        head |= {"label": f"{login}:{branch}", "user": author}
        if self.rng.random() < 0.9:  # the others have deleted their fork
            fork = {
                "id": 610_000_000 + author % 9_999_999,
                "full_name": f"{login}/{home.record['name']}",
            }
            head["repo"] = fork
        return head

    def _commits(self, home: Repository, number: int, at: datetime, count: int) -> list[Row]:
        parent = self.prose.sha()
        for _ in range(count):
            person = {"name": self.prose.person(), "date": _text(at)}
            row = {
                "sha": self.prose.sha(),
                "message": self.prose.title(),
                "author": person,
                "committer": person,
                "parents": [{"sha": parent}],
                "_number": number,
            }
            parent = str(row["sha"])
            home.commits[number].append(row)
        return home.commits[number]

    def _review_rounds(self, home: Repository, pull: Row, at: datetime, threads: int) -> datetime:
        """Reviews with their threads, some at a time; gives the time of the last of them."""
        last, moment = at, at
        while threads > 0:
            size = min(threads, self.rng.randint(1, 8))
            threads -= size
            moment = self.after(moment, 0.5)
            reviewer = None if self.rng.random() < 0.01 else self.rng.choice(self.maintainers)
            review = self._review(home, pull, reviewer, "COMMENTED", moment)
            review["body"] = self.prose.remark() if self.rng.random() < 0.3 else ""
            if self.rng.random() < 0.03:
                review["state"] = self.rng.choice(("CHANGES_REQUESTED", "DISMISSED"))
            last = max(last, moment)
            for _ in range(size):
                last = max(last, self._thread(home, pull, review, moment))
        return last

    def _thread(self, home: Repository, pull: Row, review: Row, at: datetime) -> datetime:
        first = self._review_comment(home, pull, review, at, None)
        speakers = (pull["_author"], review["user"])
        turn = 0
        while self.rng.random() < self.shape.replies and turn < 25:
            at = self.after(at, 0.4)
            speaker = speakers[turn % 2]
            reply = self._review(
                home, pull, None if speaker == GHOST_ID else speaker, "COMMENTED", at
            )
            comment = self._review_comment(home, pull, reply, at, first)
            reply["_comments"] = [comment["id"]]
            turn += 1
        return at

    def _review(
        self, home: Repository, pull: Row, user: int | None, state: str, at: datetime
    ) -> Row:
        row = {
            "id": self.id("review", at),
            "user": user,
            "body": "",
            "state": state,
            "submitted_at": _text(at),
            "commit_id": pull["head"]["sha"],
            "author_association": self.association(user),
            "_number": pull["number"],
        }
        home.reviews[pull["number"]].append(row)
        return row

    def _review_comment(
        self, home: Repository, pull: Row, review: Row, at: datetime, parent: Row | None
    ) -> Row:
        line = self.rng.randrange(1, 900)
        outdated = self.rng.random() < 0.4
        place = {
            "path": self.prose.path(),
            "diff_hunk": self.prose.diff(line),
            "position": None if outdated else 4,
            "original_position": 4,
            "line": None if outdated else line,
            "original_line": line,
            "start_line": None,
            "original_start_line": line - 1 if self.rng.random() < 0.1 and line > 1 else None,
            "side": "RIGHT",
            "start_side": None,
            "commit_id": pull["head"]["sha"],
            "original_commit_id": pull["head"]["sha"],
        }
        if parent is not None:  # a reply stands where its thread stands
            place = {name: parent[name] for name in place}
        row = {
            "id": self.id("review comment", at),
            "pull_request_review_id": review["id"],
            "user": review["user"],
            "body": self.prose.remark(),
            "in_reply_to_id": None if parent is None else parent["id"],
            **place,
            **self._times(at),
            "author_association": review["author_association"],
            "_resolved": self.rng.random() < 0.5,
            "_number": pull["number"],
        }
        home.review_comments[pull["number"]].append(row)
        return row

    def _conversation(self, home: Repository, number: int, at: datetime, count: int) -> datetime:
        """Comments below an item; where there are many, they come in bursts."""
        last = at
        for _ in range(count):
            at = self.after(at, 0.02 if self.rng.random() < 0.5 else 1.5)
            user = self.anyone()
            chance = self.rng.random()
            if chance < 0.04:
                user = self.bots[1]
            elif chance < 0.055:
                user = GHOST_ID
            times = self._times(at)
            row = {
                "id": self.id("issue comment", at),
                "user": user,
                "body": self.prose.body() if self.rng.random() < 0.3 else self.prose.remark(),
                "author_association": self.association(user),
                **times,
                "_number": number,
            }
            home.issue_comments[number].append(row)
            last = max(last, at)
        return last

    def _times(self, at: datetime) -> Row:
        edited = self.after(at, 0.1) if self.rng.random() < 0.08 else at
        times = {"created_at": _text(at), "updated_at": _text(edited)}
        return times | ({"_edited_at": _text(edited)} if edited != at else {})

    def _outcome(self, home: Repository, row: Row, last: datetime) -> None:
        """Merged, closed or still open; recent ones are mostly open."""
        end = self.after(last, 2)
        chance = self.rng.random()
        recent = end >= self.until - timedelta(days=10)
        merged = chance < (0.25 if recent else 0.74)
        row["state"] = "closed" if merged or chance < (0.35 if recent else 0.95) else "open"
        row["draft"] = not merged and self.rng.random() < 0.15
        row |= {"closed_at": None, "merged_at": None, "merged": merged, "merged_by": None}
        if merged and self.rng.random() < 0.7:
            at = self.after(last, 0.2) if last < end else last
            end = max(end, at)
            review = self._review(home, row, self.rng.choice(self.maintainers), "APPROVED", at)
            review["body"] = self.prose.remark() if self.rng.random() < 0.4 else ""
            last = max(last, at)
        if row["state"] == "closed":
            row["closed_at"] = _text(end)
            last = max(last, end)
            self._event(home, row["number"], "closed", end)
        if merged:
            row |= {"merged_at": _text(end), "merged_by": self.rng.choice(self.maintainers)}
            row |= {"mergeable": None}
            self._event(home, row["number"], "merged", end)
        row["updated_at"] = _text(last)

    def _issue(self, home: Repository, number: int, at: datetime, rank: float) -> None:
        author = self.author(99)
        row = self._text_row("issue", number, at, author)
        home.issues[number] = row
        last = self._conversation(home, number, at, draw(self.shape.issue_comments, rank))
        row |= {"state": "open", "state_reason": None, "closed_at": None, "closed_by": None}
        if self.rng.random() < 0.8 and last < self.until:
            last = self.after(last, 3)
            reason = self.rng.choice(("completed", "completed", "completed", "not_planned", None))
            row |= {"state": "closed", "state_reason": reason, "closed_at": _text(last)}
            row["closed_by"] = self.rng.choice(self.maintainers)
            self._event(home, number, "closed", last)
        row["updated_at"] = _text(last)

    def _event(self, home: Repository, number: int, event: str, at: datetime) -> None:
        row = {
            "id": self.id("event", at),
            "event": event,
            "actor": self.rng.choice(self.maintainers),
        }
        home.events[number].append({**row, "created_at": _text(at), "_number": number})

    def _bulk_labelling(self, home: Repository) -> None:
        """Somebody labels a lot of old items at once: they share one time, to the second."""
        at = _text(self.until - timedelta(days=1))
        for rows in (home.pulls, home.issues):
            old = [row for row in rows.values() if row["updated_at"] < at]
            for row in old[:: max(2, len(old) // 12)]:
                row["updated_at"] = at
                row["labels"] = [
                    *[one for one in row["labels"] if one != self.labels[1]],
                    self.labels[1],
                ]

    def _ask_reviewers(self, home: Repository) -> None:
        """A third of what is open waits for somebody, or for a team."""
        for row in home.pulls.values():
            if row["state"] == "open" and self.rng.random() < 0.34:
                row["requested_reviewers"] = self.rng.sample(self.maintainers, 2)
            if row["state"] == "open" and self.rng.random() < 0.1:
                row["requested_teams"] = [{"id": 4_000_001, "name": "Pilots", "slug": "pilots"}]

    def _talk(self, home: Repository, count: int) -> None:
        """Discussions with comments, half of them answered."""
        first = max([*home.pulls, *home.issues]) + 1
        for number, at in enumerate(self.births(count), start=first):
            user = self.author(99)
            title = f"How does {self.prose.subject()} work?"
            row = changes.open_discussion(
                home, title, user=user, body=self.prose.body(), at=_text(at), number=number
            )
            row["upvotes"] = self.rng.randrange(20)
            last = at
            said = []
            for _ in range(self.rng.choice((0, 1, 2, 3, 8))):
                last = self.after(last, 1)
                said.append(
                    changes.comment_on_discussion(
                        home, number, self.prose.remark(), user=self.anyone(), at=_text(last)
                    )
                )
            if said and self.rng.random() < 0.5:
                chosen = self.rng.choice(said)["id"]
                changes.answer_discussion(
                    home, number, chosen, user=self.maintainers[0], at=_text(self.after(last, 1))
                )

    def _stars(self, home: Repository, count: int) -> None:
        for at in self.births(count):
            forked = self.rng.random() < 0.1
            changes.star(home, self.anyone(), forked=forked, at=_text(at))

    def _finish(self, home: Repository) -> None:
        """The counters that rows and the repository carry."""
        for number, row in home.pulls.items():
            del row["_author"]
            row["comments"] = len(home.issue_comments.get(number, ()))
            row["review_comments"] = len(home.review_comments.get(number, ()))
        for number, row in home.issues.items():
            row["comments"] = len(home.issue_comments.get(number, ()))
        rows = [*home.pulls.values(), *home.issues.values()]
        record = home.record
        record["open_issues_count"] = sum(row["state"] == "open" for row in rows)
        record["watchers_count"] = record["stargazers_count"]
        record["updated_at"] = max(row["updated_at"] for row in rows)
        record["pushed_at"] = max(
            row["merged_at"] or row["created_at"] for row in home.pulls.values()
        )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
