"""From GitHub's event feed to our rows: the events, kept small, and who caused them."""

from mainstem.functions.home import Home
from mainstem.github import FeedActor, FeedEvent, is_bot
from mainstem.store import ContributorRow, GithubEventRow, ids


def event_row(home: Home, event: FeedEvent) -> GithubEventRow:
    """What is worth keeping of one event: of a fork also which repository it made."""
    actor = event.actor
    return {
        "id": ids.github_event_id(event.id),
        "event_id": event.id,
        "event_type": event.kind,
        "repository_id": home.id,
        "actor_github_id": actor.id if actor else None,
        "actor_login": actor.login if actor else None,
        "payload": {"forkee": {"id": event.fork.id, "full_name": event.fork.full_name}}
        if event.fork
        else None,
        "created_at": event.created_at,
    }


def actor_row(actor: FeedActor) -> ContributorRow:
    """The person, by GitHub's number (defect D26). No type: the feed does not tell it, and a
    known one must not be taken back."""
    row: ContributorRow = {
        "id": ids.contributor_id(actor.id),
        "github_id": actor.id,
        "username": actor.login,
        "is_bot": is_bot(actor.login, None),
    }
    if actor.avatar_url is not None:
        row["avatar_url"] = actor.avatar_url
    return row
