"""What each field of the graph gives: one table of resolvers, by type and field.

A resolver takes the `Thing` it stands on, the call's info (unused here), and the arguments by
keyword. Most fields are a row's value under its REST name; the tables below say which.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from graphql import GraphQLError

from mainstem.simulate import graph_lists as lists
from mainstem.simulate.connection import Connection, cursor_of, window
from mainstem.simulate.shapes import SITE, account_page, avatar, issue_id_of_pull
from mainstem.simulate.world import GHOST_ID, Repository, Row, Thing, World, node_id

__all__ = ["Resolver", "resolvers"]

Resolver = Callable[..., Any]

_LARGEST_INT = 2**31 - 1
#: Fields that are a row's value under another name; None in the row stays null.
_VALUES: dict[str, dict[str, str]] = {
    "Repository": {
        "createdAt": "created_at",
        "description": "description",
        "diskUsage": "size",
        "forkCount": "forks_count",
        "hasProjectsEnabled": "has_projects",
        "hasWikiEnabled": "has_wiki",
        "homepageUrl": "homepage",
        "nameWithOwner": "full_name",
        "pushedAt": "pushed_at",
        "stargazerCount": "stargazers_count",
        "updatedAt": "updated_at",
    },
    "PullRequest": {
        "additions": "additions",
        "deletions": "deletions",
        "changedFiles": "changed_files",
        "mergedAt": "merged_at",
    },
    "Label": {"name": "name", "color": "color", "description": "description"},
    "Milestone": {
        "number": "number",
        "title": "title",
        "description": "description",
        "dueOn": "due_on",
        "createdAt": "created_at",
        "closedAt": "closed_at",
    },
    "PullRequestReviewComment": {
        "line": "line",
        "originalLine": "original_line",
        "startLine": "start_line",
        "originalStartLine": "original_start_line",
        "path": "path",
        "position": "position",
    },
    "Commit": {"oid": "sha", "message": "message"},
    "License": {"key": "key", "name": "name", "spdxId": "spdx_id"},
}
_FLAGS = {
    "hasDiscussionsEnabled": "has_discussions",
    "hasIssuesEnabled": "has_issues",
    "isArchived": "archived",
    "isDisabled": "disabled",
    "isFork": "fork",
    "isPrivate": "private",
    "isTemplate": "is_template",
}
_WRITTEN = (
    "PullRequest",
    "Issue",
    "IssueComment",
    "PullRequestReview",
    "PullRequestReviewComment",
    "Discussion",
    "DiscussionComment",
)
_MINIMIZABLE = (
    "IssueComment",
    "PullRequestReview",
    "PullRequestReviewComment",
    "DiscussionComment",
)
_ACTORS = ("User", "Bot", "Mannequin", "Organization")


def resolvers(world: World) -> dict[str, dict[str, Resolver]]:
    """Resolvers of everything that is served, by type and field name."""
    table: dict[str, dict[str, Resolver]] = {
        kind: {name: _value(key) for name, key in names.items()} for kind, names in _VALUES.items()
    }
    fields = _Fields(world)
    for kind in (*_WRITTEN, *_ACTORS, "Repository", "Label", "Milestone", "Commit", "License"):
        table.setdefault(kind, {})["id"] = _id
    for kind in _ACTORS:
        table[kind] |= _actor_fields()
    for kind in _WRITTEN:
        table[kind] |= fields.written()
    for kind in ("PullRequest", "Issue"):
        table[kind] |= fields.item()
    table["Repository"] |= fields.repository()
    table["PullRequest"] |= fields.pull()
    table["Issue"] |= {"state": _upper("state"), "stateReason": _upper("state_reason")}
    table["IssueComment"] |= {"issue": fields.parent_item, "pullRequest": fields.parent_pull}
    table["PullRequestReview"] |= fields.review()
    table["PullRequestReviewComment"] |= fields.review_comment()
    table["PullRequestReviewThread"] = fields.thread()
    table["PullRequestCommit"] = {
        "id": lambda thing, _info: node_id("PullRequestCommit", {"id": thing.row["sha"]}),
        "commit": lambda thing, _info: Thing("Commit", thing.row, thing.repository),
        "pullRequest": fields.parent_pull,
    }
    table["Commit"] |= _commit_fields()
    table["Label"]["isDefault"] = lambda thing, _info: thing.row.get("default", False)
    for kind in _MINIMIZABLE:
        table[kind] |= {"isMinimized": _minimized, "minimizedReason": _value("_minimized")}
    table["ReviewRequest"] = fields.review_request()
    table["Team"] = {
        "id": _id,
        "databaseId": _value("id"),
        "name": _value("name"),
        "slug": _value("slug"),
        "combinedSlug": lambda thing, _info: (
            f"{thing.repository.full_name.partition('/')[0]}/{thing.row['slug']}"
        ),
    }
    table["Discussion"] |= fields.discussion()
    table["DiscussionCategory"] = _category_fields()
    table["DiscussionComment"] |= fields.discussion_comment()
    table["Language"] = table["Topic"] = {"id": _id, "name": _value("name")}
    table["RepositoryTopic"] = {
        "id": _id,
        "topic": lambda thing, _info: Thing("Topic", thing.row, thing.repository),
    }
    table["Ref"] = {
        "id": _id,
        "name": _value("name"),
        "target": lambda thing, _info: _commit(thing.repository, thing.row.get("sha")),
    }
    table["Query"] = fields.query()
    return table


def connection_fields() -> dict[str, Resolver]:
    """The fields that every connection has."""
    return {
        "totalCount": lambda found, _info: (
            found.total if found.unfiltered is None else found.unfiltered
        ),
        "filteredCount": lambda found, _info: found.total,
        "pageCount": lambda found, _info: len(found.rows),
        "updatedAt": lambda found, _info: max(
            (row["_at"] for row in found.rows), default="1970-01-01T00:00:00Z"
        ),
        "nodes": lambda found, _info: found.things(),
        "edges": lambda found, _info: list(zip(found.cursors(), found.things(), strict=True)),
        "pageInfo": lambda found, _info: found,
    }


def edge_fields() -> dict[str, Resolver]:
    return {"cursor": lambda edge, _info: edge[0], "node": lambda edge, _info: edge[1]}


def page_info_fields() -> dict[str, Resolver]:
    return {
        "hasNextPage": lambda found, _info: found.has_next,
        "hasPreviousPage": lambda found, _info: found.has_previous,
        "startCursor": lambda found, _info: (
            cursor_of(found.rows[0], found.order) if found.rows else None
        ),
        "endCursor": lambda found, _info: (
            cursor_of(found.rows[-1], found.order) if found.rows else None
        ),
    }


class _Fields:
    """Resolvers that need the world: who wrote something, and what belongs to what."""

    def __init__(self, world: World) -> None:
        self.world = world

    def query(self) -> dict[str, Resolver]:
        return {
            "repository": self._repository,
            "node": self._node,
            "nodes": self._nodes,
            "user": self._user,
            "viewer": lambda _root, _info: self._viewer(),
        }

    def repository(self) -> dict[str, Resolver]:
        return {
            **{name: _flag(key) for name, key in _FLAGS.items()},
            "databaseId": lambda thing, _info: _small(thing.row["id"]),
            "name": lambda thing, _info: thing.row["full_name"].partition("/")[2],
            "url": lambda thing, _info: f"{SITE}/{thing.row['full_name']}",
            "owner": lambda thing, _info: self._actor(thing.row["owner"], thing.repository),
            "visibility": lambda thing, _info: thing.row.get("visibility", "public").upper(),
            "primaryLanguage": lambda thing, _info: _named(
                "Language", thing, thing.row.get("language")
            ),
            "licenseInfo": lambda thing, _info: _under("License", thing, "license"),
            "defaultBranchRef": lambda thing, _info: _named(
                "Ref", thing, thing.row["default_branch"]
            ),
            "pullRequest": self._pull_by_number,
            "pullRequests": _listed(lists.pulls),
            "issue": self._issue_by_number,
            "issues": _listed(lists.issues),
            "discussion": self._discussion_by_number,
            "discussions": _listed(lists.discussions),
            "repositoryTopics": lambda thing, _info, **args: window(
                "RepositoryTopic",
                [{"name": name} for name in thing.row.get("topics", ())],
                thing.repository,
                args,
            ),
            "watchers": lambda thing, _info, **_args: Connection(
                "User", [], thing.repository, thing.row.get("subscribers_count", 0), False, False
            ),
        }

    def written(self) -> dict[str, Resolver]:
        """What everything that somebody wrote has in common."""
        return {
            "author": lambda thing, _info: self._actor(thing.row.get("user"), thing.repository),
            "authorAssociation": lambda thing, _info: thing.row.get("author_association", "NONE"),
            "body": lambda thing, _info: thing.row.get("body") or "",
            "bodyText": lambda thing, _info: thing.row.get("body") or "",
            "createdAt": lambda thing, _info: _born(thing.row),
            "publishedAt": lambda thing, _info: _born(thing.row),
            "updatedAt": lambda thing, _info: thing.row.get("updated_at") or _born(thing.row),
            "lastEditedAt": lambda thing, _info: thing.row.get("_edited_at"),
            "databaseId": lambda thing, _info: _small(thing.row["id"]),
            "fullDatabaseId": lambda thing, _info: str(thing.row["id"]),
            "repository": lambda thing, _info: Thing(
                "Repository", thing.repository.record, thing.repository
            ),
            "url": lambda thing, _info: _page(thing),
        }

    def item(self) -> dict[str, Resolver]:
        """What pull requests and issues have in common."""
        return {
            "number": _value("number"),
            "title": _value("title"),
            "locked": _flag("locked"),
            "activeLockReason": lambda thing, _info: _lock(thing.row.get("active_lock_reason")),
            "closed": lambda thing, _info: thing.row["state"] == "closed",
            "closedAt": _value("closed_at"),
            "comments": _listed(lists.issue_comments),
            "labels": lambda thing, _info, **args: window(
                "Label", thing.row.get("labels") or [], thing.repository, args
            ),
            "assignees": _listed(partial(lists.assignees, self.world)),
            "milestone": lambda thing, _info: _under("Milestone", thing, "milestone"),
        }

    def pull(self) -> dict[str, Resolver]:
        return {
            "state": lambda thing, _info: lists.pull_state(thing.row),
            "isDraft": _flag("draft"),
            "merged": lambda thing, _info: bool(thing.row.get("merged_at")),
            "mergedBy": lambda thing, _info: self._actor(
                thing.row.get("merged_by"), thing.repository
            ),
            "mergeable": lambda thing, _info: _MERGEABLE[thing.row.get("mergeable")],
            "mergeStateStatus": lambda thing, _info: thing.row.get(
                "mergeable_state", "unknown"
            ).upper(),
            "mergeCommit": lambda thing, _info: (
                _commit(thing.repository, thing.row.get("merge_commit_sha"))
                if thing.row.get("merged_at")
                else None
            ),
            "maintainerCanModify": _flag("maintainer_can_modify"),
            "baseRefName": lambda thing, _info: thing.row["base"]["ref"],
            "baseRefOid": lambda thing, _info: thing.row["base"]["sha"],
            "headRefName": lambda thing, _info: thing.row["head"]["ref"],
            "headRefOid": lambda thing, _info: thing.row["head"]["sha"],
            "headRef": _head_ref,
            "isCrossRepository": lambda thing, _info: (
                (thing.row["head"].get("repo") or {}).get("id") != thing.repository.id
            ),
            "reviewDecision": _review_decision,
            "totalCommentsCount": lambda thing, _info: (
                len(thing.repository.issue_comments.get(thing.row["number"], ()))
                + len(thing.repository.review_comments.get(thing.row["number"], ()))
            ),
            "reviews": _listed(partial(lists.reviews, self.world)),
            "reviewRequests": _listed(partial(lists.review_requests, self.world)),
            "reviewThreads": _listed(lists.threads),
            "commits": lambda thing, _info, **args: window(
                "PullRequestCommit",
                thing.repository.commits.get(thing.row["number"], []),
                thing.repository,
                args,
            ),
            "timelineItems": _listed(lists.timeline),
        }

    def review(self) -> dict[str, Resolver]:
        return {
            "state": _value("state"),
            "submittedAt": _value("submitted_at"),
            "commit": lambda thing, _info: _commit(thing.repository, thing.row.get("commit_id")),
            "pullRequest": self.parent_pull,
            "comments": lambda thing, _info, **args: window(
                "PullRequestReviewComment",
                thing.repository.comments_by_review(thing.row["_number"]).get(thing.row["id"], []),
                thing.repository,
                args,
            ),
        }

    def review_comment(self) -> dict[str, Resolver]:
        return {
            "diffHunk": lambda thing, _info: thing.row.get("diff_hunk") or "",
            "originalPosition": lambda thing, _info: thing.row.get("original_position") or 0,
            "outdated": lambda thing, _info: thing.row.get("position") is None,
            "subjectType": lambda thing, _info: thing.row.get("subject_type", "line").upper(),
            "commit": lambda thing, _info: _commit(thing.repository, thing.row.get("commit_id")),
            "originalCommit": lambda thing, _info: _commit(
                thing.repository, thing.row.get("original_commit_id")
            ),
            "pullRequest": self.parent_pull,
            "pullRequestReview": lambda thing, _info: _row_by_id(
                thing, "PullRequestReview", "reviews", "pull_request_review_id"
            ),
            "replyTo": lambda thing, _info: _row_by_id(
                thing, "PullRequestReviewComment", "review_comments", "in_reply_to_id"
            ),
        }

    def thread(self) -> dict[str, Resolver]:
        return {
            "id": _id,
            "isResolved": _flag("_resolved"),
            "isOutdated": lambda thing, _info: thing.row.get("position") is None,
            "path": _value("path"),
            "line": _value("line"),
            "originalLine": _value("original_line"),
            "startLine": _value("start_line"),
            "subjectType": lambda thing, _info: thing.row.get("subject_type", "line").upper(),
            "pullRequest": self.parent_pull,
            "comments": lambda thing, _info, **args: window(
                "PullRequestReviewComment", thing.row["_comments"], thing.repository, args
            ),
        }

    def review_request(self) -> dict[str, Resolver]:
        return {
            "id": _id,
            "databaseId": lambda _thing, _info: None,
            "asCodeOwner": lambda _thing, _info: False,
            "pullRequest": self.parent_pull,
            "requestedReviewer": lambda thing, _info: (
                Thing("Team", thing.row["team"], thing.repository)
                if "team" in thing.row
                else self._actor(thing.row["user"], thing.repository)
            ),
        }

    def discussion(self) -> dict[str, Resolver]:
        return {
            "number": _value("number"),
            "title": _value("title"),
            "locked": _flag("locked"),
            "closed": _flag("closed_at"),
            "closedAt": _value("closed_at"),
            "upvoteCount": lambda thing, _info: thing.row.get("upvotes", 0),
            "category": lambda thing, _info: _under("DiscussionCategory", thing, "category"),
            "isAnswered": lambda thing, _info: (
                thing.row.get("answer_id") is not None
                if thing.row["category"].get("is_answerable")
                else None
            ),
            "answer": lambda thing, _info: _row_by_id(
                thing, "DiscussionComment", "discussion_comments", "answer_id"
            ),
            "answerChosenAt": _value("answer_chosen_at"),
            "answerChosenBy": lambda thing, _info: self._actor(
                thing.row.get("answer_chosen_by"), thing.repository
            ),
            "comments": _listed(lists.discussion_comments),
            "labels": lambda thing, _info, **args: window(
                "Label", thing.row.get("labels") or [], thing.repository, args
            ),
        }

    def discussion_comment(self) -> dict[str, Resolver]:
        def above(thing: Thing) -> Row:
            return thing.repository.discussions[thing.row["_number"]]

        return {
            "discussion": lambda thing, _info: Thing("Discussion", above(thing), thing.repository),
            "isAnswer": lambda thing, _info: above(thing).get("answer_id") == thing.row["id"],
            "replyTo": lambda thing, _info: _row_by_id(
                thing, "DiscussionComment", "discussion_comments", "parent_id"
            ),
            "upvoteCount": lambda thing, _info: thing.row.get("upvotes", 0),
        }

    def parent_pull(self, thing: Thing, _info: object) -> Thing | None:
        row = thing.repository.pulls.get(thing.row["_number"])
        return None if row is None else Thing("PullRequest", row, thing.repository)

    def parent_item(self, thing: Thing, _info: object) -> Thing:
        """The issue of a comment; a pull request's comment gives the pull request as an issue."""
        number = thing.row["_number"]
        row = thing.repository.issues.get(number)
        if row is not None:
            return Thing("Issue", row, thing.repository)
        pull = thing.repository.pulls[number]
        return Thing("Issue", {**pull, "id": issue_id_of_pull(pull)}, thing.repository)

    def _repository(
        self,
        _root: None,
        info: Any,
        owner: str,
        name: str,
        followRenames: bool = True,  # noqa: N803 - GitHub's spelling
    ) -> Thing:
        found = self.world.find(f"{owner}/{name}")
        if (
            found is None
            or found[0].refused is not None
            or (found[1] and not followRenames)
            or not info.context.sees(found[0])
        ):
            raise _not_found(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return Thing("Repository", found[0].record, found[0])

    def _nodes(self, root: None, info: Any, ids: Sequence[str]) -> list[Thing | GraphQLError]:
        """Each node, or null with an error in the place of one that is not there."""
        found: list[Thing | GraphQLError] = []
        for one in ids:
            try:
                found.append(self._node(root, info, id=one))
            except GraphQLError as error:
                found.append(error)
        return found

    def _node(self, _root: None, info: Any, id: str) -> Thing:  # noqa: A002
        found = self.world.node(id)
        if (
            found is None
            or found.repository.refused is not None
            or not info.context.sees(found.repository)
        ):
            raise _not_found(f"Could not resolve to a node with the global id of '{id}'")
        return found

    def _user(self, _root: None, _info: object, login: str) -> Thing:
        for row in self.world.users.values():
            if row["login"].lower() == login.lower() and row["type"] == "User":
                return Thing("User", row, self.world.repository)
        raise _not_found(f"Could not resolve to a User with the login of '{login}'.")

    def _viewer(self) -> Thing:
        row = {"login": "simulated", "id": 1, "type": "User", "name": "A pretend token's owner"}
        return Thing("User", row, self.world.repository)

    def _actor(self, user_id: int | None, home: Repository) -> Thing | None:
        """Deleted accounts are null here, and so is the ghost that stands for them in REST."""
        if user_id is None or user_id == GHOST_ID:
            return None
        row = self.world.user(user_id)
        return None if row is None else Thing(row["type"], row, home)

    def _pull_by_number(self, thing: Thing, _info: object, number: int) -> Thing:
        row = thing.repository.pulls.get(number)
        if row is None:
            raise _not_found(f"Could not resolve to a PullRequest with the number of {number}.")
        return Thing("PullRequest", row, thing.repository)

    def _issue_by_number(self, thing: Thing, _info: object, number: int) -> Thing:
        row = thing.repository.issues.get(number)
        if row is None:
            raise _not_found(f"Could not resolve to an Issue with the number of {number}.")
        return Thing("Issue", row, thing.repository)

    def _discussion_by_number(self, thing: Thing, _info: object, number: int) -> Thing:
        row = thing.repository.discussions.get(number)
        if row is None:
            raise _not_found(f"Could not resolve to a Discussion with the number of {number}.")
        return Thing("Discussion", row, thing.repository)


_MERGEABLE = {True: "MERGEABLE", False: "CONFLICTING", None: "UNKNOWN"}


def _id(thing: Thing, _info: object) -> str:
    return node_id(thing.type, thing.row)


def _value(key: str) -> Resolver:
    return lambda thing, _info: thing.row.get(key)


def _listed(of: Callable[[Thing, Mapping[str, Any]], Connection]) -> Resolver:
    return lambda thing, _info, **args: of(thing, args)


def _minimized(thing: Thing, _info: object) -> bool:
    return thing.row.get("_minimized") is not None


def _flag(key: str) -> Resolver:
    return lambda thing, _info: bool(thing.row.get(key))


def _upper(key: str) -> Resolver:
    return lambda thing, _info, **_args: thing.row[key].upper() if thing.row.get(key) else None


def _small(number: int) -> int:
    """`databaseId` is an Int of 32 bits: GitHub answers an error beyond, as graphql-core does."""
    if number > _LARGEST_INT:
        raise GraphQLError(f"Int cannot represent non 32-bit signed integer value: {number}")
    return number


def _born(row: Row) -> str | None:
    return row.get("created_at") or row.get("submitted_at") or row.get("updated_at")


def _lock(reason: str | None) -> str | None:
    return None if reason is None else reason.upper().replace("-", "_").replace(" ", "_")


def _named(kind: str, thing: Thing, name: str | None) -> Thing | None:
    return None if name is None else Thing(kind, {"name": name}, thing.repository)


def _under(kind: str, thing: Thing, key: str) -> Thing | None:
    row = thing.row.get(key)
    return None if row is None else Thing(kind, row, thing.repository)


def _commit(home: Repository, sha: str | None) -> Thing | None:
    """A commit by its name; where no more than the name is known, it stands alone."""
    if sha is None:
        return None
    return Thing("Commit", home.commit(sha) or {"sha": sha, "message": ""}, home)


def _head_ref(thing: Thing, _info: object) -> Thing | None:
    """Null once the branch or its fork is gone."""
    head = thing.row["head"]
    if head.get("repo") is None:
        return None
    return Thing("Ref", {"name": head["ref"], "sha": head["sha"]}, thing.repository)


def _review_decision(thing: Thing, _info: object) -> str | None:
    opinions = {
        row.get("user"): row["state"]
        for row in thing.repository.reviews_of(thing.row["number"])
        if row["state"] in ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
    }
    for state in ("CHANGES_REQUESTED", "APPROVED"):
        if state in opinions.values():
            return state
    return None


def _row_by_id(thing: Thing, kind: str, lists: str, key: str) -> Thing | None:
    wanted = thing.row.get(key)
    found = None if wanted is None else thing.repository.by_id(lists).get(wanted)
    return None if found is None else Thing(kind, found[1], thing.repository)


def _page(thing: Thing) -> str:
    home = thing.repository
    number = thing.row["number"] if "number" in thing.row else thing.row["_number"]
    part = "pull" if number in home.pulls else "issues"
    if thing.type.startswith("Discussion"):
        part = "discussions"
    page = f"{SITE}/{home.full_name}/{part}/{number}"
    anchors = {
        "DiscussionComment": "#discussioncomment-",
        "PullRequestReview": "#pullrequestreview-",
        "PullRequestReviewComment": "#discussion_r",
        "IssueComment": "#issuecomment-",
    }
    return page + (f"{anchors[thing.type]}{thing.row['id']}" if thing.type in anchors else "")


def _actor_fields() -> dict[str, Resolver]:
    def profile(key: str) -> Resolver:
        return lambda thing, _info: thing.row.get(key)

    return {
        "login": lambda thing, _info: thing.row["login"].removesuffix("[bot]"),
        "avatarUrl": lambda thing, _info, **_args: thing.row.get("avatar_url") or avatar(thing.row),
        "databaseId": lambda thing, _info: _small(thing.row["id"]),
        "url": lambda thing, _info: account_page(thing.row),
        "resourcePath": lambda thing, _info: account_page(thing.row).removeprefix(SITE),
        "createdAt": lambda thing, _info: thing.row.get("created_at", "2012-01-01T00:00:00Z"),
        "email": lambda thing, _info: thing.row.get("email") or "",
        "websiteUrl": profile("blog"),
        "name": profile("name"),
        "bio": profile("bio"),
        "company": profile("company"),
        "location": profile("location"),
        "description": profile("description"),
    }


def _commit_fields() -> dict[str, Resolver]:
    def person(key: str) -> Resolver:
        return lambda thing, _info: thing.row.get(key)

    return {
        "abbreviatedOid": lambda thing, _info: thing.row["sha"][:7],
        "messageHeadline": lambda thing, _info: thing.row["message"].partition("\n")[0],
        "authoredDate": lambda thing, _info: thing.row["author"]["date"],
        "committedDate": lambda thing, _info: thing.row["committer"]["date"],
        "author": person("author"),
        "committer": person("committer"),
    }


def _category_fields() -> dict[str, Resolver]:
    return {
        "id": _id,
        "name": _value("name"),
        "slug": _value("slug"),
        "description": _value("description"),
        "emoji": _value("emoji"),
        "isAnswerable": _flag("is_answerable"),
        "createdAt": _value("created_at"),
        "updatedAt": _value("updated_at"),
    }


def _not_found(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"type": "NOT_FOUND"})
