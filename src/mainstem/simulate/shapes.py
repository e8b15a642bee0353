"""Rows as GitHub's REST objects: users and repositories put back, URLs derived from their patterns.

`Shapes` knows the two addresses that URLs begin with: the API's (ours) and the website's. The field
lists follow GitHub's REST description, https://github.com/github/rest-api-description
"""

from typing import Any

from mainstem.simulate.world import GHOST_ID, Repository, Row, World, node_id

__all__ = ["SITE", "Shapes", "issue_id_of_pull"]

SITE = "https://github.com"

#: Fields that only `GET /pulls/{n}` has, not the list.
_DETAIL = (
    "merged",
    "mergeable",
    "rebaseable",
    "mergeable_state",
    "merged_by",
    "comments",
    "review_comments",
    "maintainer_can_modify",
    "commits",
    "additions",
    "deletions",
    "changed_files",
)
_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
_REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
#: A pull request has a second id, as an issue; where it is not recorded it is made from the number.
_INVENTED_ISSUE_IDS = 7_000_000_000


def issue_id_of_pull(row: Row) -> int:
    """The id that `GET /issues` gives a pull request, which is not its own."""
    return int(row.get("_issue_id") or _INVENTED_ISSUE_IDS + row["number"])


class Shapes:
    """Makes REST objects. Keeps the users that it has made while they are called the same."""

    def __init__(self, world: World, api: str) -> None:
        self.world = world
        self.api = api
        self._users_made: dict[int, Row] = {}

    def user(self, user_id: int | None) -> Row | None:
        """The account as it stands in other objects; None for a deleted one."""
        row = self.world.user(user_id)
        if row is None:
            return None
        known = self._users_made.get(row["id"])
        if known is not None and known["login"] == row["login"] and known["type"] == row["type"]:
            return known
        url = f"{self.api}/users/{row['login']}"
        made = {
            "login": row["login"],
            "id": row["id"],
            "node_id": node_id(row["type"], row),
            "avatar_url": row.get("avatar_url") or avatar(row),
            "gravatar_id": "",
            "url": url,
            "html_url": account_page(row),
            **{name: url + end for name, end in _USER_URLS.items()},
            "type": row["type"],
            "user_view_type": "public",
            "site_admin": row.get("site_admin", False),
        }
        self._users_made[row["id"]] = made
        return made

    def account(self, row: Row) -> Row:
        """`GET /users/{login}`: the account with its profile; what is not known is null."""
        profile = ("name", "company", "blog", "location", "email", "hireable", "bio")
        shown = self.user(row["id"]) or {}
        return {
            **shown,
            **{name: row.get(name) for name in (*profile, "twitter_username")},
            "public_repos": row.get("public_repos", 0),
            "public_gists": row.get("public_gists", 0),
            "followers": row.get("followers", 0),
            "following": row.get("following", 0),
            "created_at": row.get("created_at", "2012-01-01T00:00:00Z"),
            "updated_at": row.get("updated_at", "2024-01-01T00:00:00Z"),
        }

    def repository(self, home: Repository, *, whole: bool = True) -> Row:
        """A repository; `whole` adds what only `GET /repos/{owner}/{repo}` has."""
        row = home.record
        url, page = self.home_url(home), f"{SITE}/{home.full_name}"
        git = f"github.com/{home.full_name}.git"
        owner = self.user(row["owner"])
        made: Row = {
            **{name: value for name, value in row.items() if not name.startswith("_")},
            "node_id": node_id("Repository", row),
            "owner": owner,
            "name": home.full_name.partition("/")[2],
            "html_url": page,
            "url": url,
            **{name: url + end for name, end in _REPOSITORY_URLS.items()},
            "git_url": f"git://{git}",
            "ssh_url": f"git@github.com:{home.full_name}.git",
            "clone_url": f"https://{git}",
            "svn_url": page,
            "mirror_url": row.get("mirror_url"),
            "homepage": row.get("homepage"),
            "description": row.get("description"),
            "language": row.get("language"),
            "license": row.get("license"),
            "forks": row.get("forks_count", 0),
            "watchers": row.get("watchers_count", 0),
            "open_issues": row.get("open_issues_count", 0),
            "has_discussions": row.get("has_discussions", False),
            "web_commit_signoff_required": False,
        }
        if whole:
            made["network_count"] = row.get("network_count", row.get("forks_count", 0))
            made["subscribers_count"] = row.get("subscribers_count", 0)
            made["temp_clone_token"] = None
            if owner is not None and owner["type"] == "Organization":
                made["organization"] = owner
        return made

    def pull(self, home: Repository, row: Row, *, detail: bool) -> Row:
        """A pull request; only with `detail` it tells its size, merger and counters."""
        number = row["number"]
        url, page = f"{self.home_url(home)}/pulls/{number}", self.page(home, "pull", number)
        as_issue = f"{self.home_url(home)}/issues/{number}"
        links = {
            "self": url,
            "html": page,
            "issue": as_issue,
            "comments": f"{as_issue}/comments",
            "review_comments": f"{url}/comments",
            "review_comment": f"{self.home_url(home)}/pulls/comments{{/number}}",
            "commits": f"{url}/commits",
            "statuses": f"{self.home_url(home)}/statuses/{row['head']['sha']}",
        }
        made = {
            "url": url,
            "id": row["id"],
            "node_id": node_id("PullRequest", row),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": as_issue,
            **_texts(row),
            **self._people(row),
            "number": number,
            "draft": row.get("draft", False),
            "merged_at": row.get("merged_at"),
            "merge_commit_sha": row.get("merge_commit_sha"),
            "requested_reviewers": self._users(row.get("requested_reviewers")),
            "requested_teams": row.get("requested_teams", []),
            "commits_url": links["commits"],
            "review_comments_url": links["review_comments"],
            "review_comment_url": links["review_comment"],
            "comments_url": links["comments"],
            "statuses_url": links["statuses"],
            "head": self._branch(home, row["head"]),
            "base": self._branch(home, row["base"]),
            "_links": {name: {"href": link} for name, link in links.items()},
            "auto_merge": None,
            "labels": [self.label(home, label) for label in row.get("labels", ())],
            "milestone": self._milestone(home, row.get("milestone")),
        }
        if detail:
            made |= {name: row.get(name) for name in _DETAIL}
            if "_as_of" not in row:
                # What its lists hold, as the graph counts it: they change while this is served, and
                # a recording may lack a comment that GitHub counted.
                made["comments"] = len(home.issue_comments.get(number, ()))
                made["review_comments"] = len(home.review_comments.get(number, ()))
            made["merged"] = row.get("merged_at") is not None
            made["mergeable_state"] = row.get("mergeable_state", "unknown")
            made["maintainer_can_modify"] = row.get("maintainer_can_modify", False)
            made["merged_by"] = self.user(row.get("merged_by"))
        return made

    def issue(self, home: Repository, row: Row) -> Row:
        """An issue, or a pull request seen as one (it has a `pull_request` key then)."""
        number = row["number"]
        is_pull = number in home.pulls
        url = f"{self.home_url(home)}/issues/{number}"
        made = {
            "url": url,
            "repository_url": self.home_url(home),
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "html_url": self.page(home, "pull" if is_pull else "issues", number),
            "id": issue_id_of_pull(row) if is_pull else row["id"],
            "node_id": node_id("PullRequest" if is_pull else "Issue", row),
            "number": number,
            **_texts(row),
            **self._people(row),
            "labels": [self.label(home, label) for label in row.get("labels", ())],
            "milestone": self._milestone(home, row.get("milestone")),
            "comments": len(home.issue_comments.get(number, ())),
            "state_reason": row.get("state_reason"),
            "closed_by": self.user(row.get("closed_by")),
            "reactions": _reactions(url),
            "timeline_url": f"{url}/timeline",
            "performed_via_github_app": None,
        }
        if is_pull:
            pull, page = f"{self.home_url(home)}/pulls/{number}", made["html_url"]
            made["draft"] = row.get("draft", False)
            made["pull_request"] = {
                "url": pull,
                "html_url": page,
                "diff_url": f"{page}.diff",
                "patch_url": f"{page}.patch",
                "merged_at": row.get("merged_at"),
            }
        return made

    def review(self, home: Repository, number: int, row: Row) -> Row:
        pull, page = f"{self.home_url(home)}/pulls/{number}", self.page(home, "pull", number)
        page = f"{page}#pullrequestreview-{row['id']}"
        return {
            "id": row["id"],
            "node_id": node_id("PullRequestReview", row),
            "user": self.user(row.get("user")),
            "body": row.get("body") or "",
            "state": row["state"],
            "html_url": page,
            "pull_request_url": pull,
            "author_association": row.get("author_association", "NONE"),
            "_links": {"html": {"href": page}, "pull_request": {"href": pull}},
            "submitted_at": row.get("submitted_at"),
            "commit_id": row.get("commit_id"),
        }

    def review_comment(self, home: Repository, number: int, row: Row) -> Row:
        url = f"{self.home_url(home)}/pulls/comments/{row['id']}"
        pull = f"{self.home_url(home)}/pulls/{number}"
        page = f"{self.page(home, 'pull', number)}#discussion_r{row['id']}"
        made = {
            "url": url,
            "pull_request_review_id": row.get("pull_request_review_id"),
            "id": row["id"],
            "node_id": node_id("PullRequestReviewComment", row),
            "diff_hunk": row.get("diff_hunk", ""),
            "path": row["path"],
            "commit_id": row["commit_id"],
            "original_commit_id": row["original_commit_id"],
            "user": self.user(row.get("user")),
            "body": row.get("body") or "",
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "html_url": page,
            "pull_request_url": pull,
            "author_association": row.get("author_association", "NONE"),
            "_links": {
                "self": {"href": url},
                "html": {"href": page},
                "pull_request": {"href": pull},
            },
            "reactions": _reactions(url),
            "start_line": row.get("start_line"),
            "original_start_line": row.get("original_start_line"),
            "start_side": row.get("start_side"),
            "line": row.get("line"),
            "original_line": row.get("original_line"),
            "side": row.get("side") or "RIGHT",
            "original_position": row.get("original_position"),
            "position": row.get("position"),
            "subject_type": row.get("subject_type", "line"),
        }
        if row.get("in_reply_to_id") is not None:
            made["in_reply_to_id"] = row["in_reply_to_id"]
        return made

    def issue_comment(self, home: Repository, number: int, row: Row) -> Row:
        url = f"{self.home_url(home)}/issues/comments/{row['id']}"
        page = self.page(home, "pull" if number in home.pulls else "issues", number)
        return {
            "url": url,
            "html_url": f"{page}#issuecomment-{row['id']}",
            "issue_url": f"{self.home_url(home)}/issues/{number}",
            "id": row["id"],
            "node_id": node_id("IssueComment", row),
            "user": self.ghosted(row.get("user")),
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "body": row.get("body") or "",
            "author_association": row.get("author_association", "NONE"),
            "reactions": _reactions(url),
            "performed_via_github_app": None,
        }

    def commit(self, home: Repository, row: Row) -> Row:
        url, page = f"{self.home_url(home)}/commits/{row['sha']}", f"{SITE}/{home.full_name}/commit"
        git = f"{self.home_url(home)}/git"
        tree = row.get("tree", {}).get("sha", row["sha"])
        return {
            "sha": row["sha"],
            "node_id": node_id("Commit", row),
            "commit": {
                "author": {"email": "", **row["author"]},
                "committer": {"email": "", **row["committer"]},
                "message": row["message"],
                "tree": {"sha": tree, "url": f"{git}/trees/{tree}"},
                "url": f"{git}/commits/{row['sha']}",
                "comment_count": 0,
                "verification": {
                    "signature": None,
                    "payload": None,
                    "verified_at": None,
                    **row.get("verification", {"verified": False, "reason": "unsigned"}),
                },
            },
            "url": url,
            "html_url": f"{page}/{row['sha']}",
            "comments_url": f"{url}/comments",
            "author": self.user(row.get("_author")),
            "committer": self.user(row.get("_committer")),
            "parents": [
                {
                    "sha": parent["sha"],
                    "url": f"{self.home_url(home)}/commits/{parent['sha']}",
                    "html_url": f"{page}/{parent['sha']}",
                }
                for parent in row.get("parents", ())
            ],
        }

    def label(self, home: Repository, row: Row) -> Row:
        name = row["name"]
        return {
            "description": None,
            "default": False,
            **row,
            "node_id": node_id("Label", row),
            "url": f"{self.home_url(home)}/labels/{name}",
        }

    def ghosted(self, user_id: int | None) -> Row | None:
        """The account; the one called ghost in the place of a deleted one, as GitHub does."""
        shown = self.user(user_id)
        if shown is not None or user_id is None:
            return shown
        return self.user(GHOST_ID)

    def home_url(self, home: Repository) -> str:
        return f"{self.api}/repos/{home.full_name}"

    def page(self, home: Repository, kind: str, number: int) -> str:
        return f"{SITE}/{home.full_name}/{kind}/{number}"

    def _people(self, row: Row) -> Row:
        return {
            "user": self.ghosted(row.get("user")),
            "assignee": self.user(row.get("assignee")),
            "assignees": self._users(row.get("assignees")),
            "author_association": row.get("author_association", "NONE"),
        }

    def _users(self, ids: list[int] | None) -> list[Row]:
        return [shown for user_id in ids or () if (shown := self.user(user_id)) is not None]

    def _branch(self, home: Repository, side: Row) -> Row:
        fork = side.get("repo")
        shown: Row | None = None
        if fork is not None and fork["id"] == home.id:
            shown = home.derived(("as base", self.api), lambda: self.repository(home, whole=False))
        elif fork is not None:
            owner = self.user(side.get("user"))
            shown = {**fork, "name": fork["full_name"].partition("/")[2], "fork": True}
            shown |= {
                "owner": owner,
                "private": False,
                "url": f"{self.api}/repos/{fork['full_name']}",
            }
        return {
            "label": side.get("label"),
            "ref": side["ref"],
            "sha": side["sha"],
            "user": self.user(side.get("user")),
            "repo": shown,
        }

    def _milestone(self, home: Repository, row: Row | None) -> Row | None:
        if row is None:
            return None
        url = f"{self.home_url(home)}/milestones/{row['number']}"
        creator = row.get("creator")
        return {
            "description": None,
            "due_on": None,
            "closed_at": None,
            **row,
            "url": url,
            "labels_url": f"{url}/labels",
            "html_url": f"{SITE}/{home.full_name}/milestone/{row['number']}",
            "creator": creator if isinstance(creator, dict) else self.user(creator),
        }


def avatar(row: Row) -> str:
    return f"https://avatars.githubusercontent.com/u/{row['id']}?v=4"


def account_page(row: Row) -> str:
    """The account's page on the website; bots have theirs among the apps."""
    login = str(row["login"])
    if row["type"] == "Bot":
        return f"{SITE}/apps/{login.removesuffix('[bot]')}"
    return f"{SITE}/{login}"


def _texts(row: Row) -> Row:
    return {
        "state": row["state"],
        "locked": row.get("locked", False),
        "active_lock_reason": row.get("active_lock_reason"),
        "title": row["title"],
        "body": row.get("body"),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "closed_at": row.get("closed_at"),
    }


def _reactions(url: str) -> dict[str, Any]:
    return {"url": f"{url}/reactions", "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}
