"""What happens to a repository as a whole and to accounts: renamed, moved, starred, deleted."""

from mainstem.simulate.changes.happening import Happening, tell
from mainstem.simulate.changes.rows import next_moment
from mainstem.simulate.world import Repository, Row, World

__all__ = ["delete_account", "rename_repository", "star", "transfer_repository"]


def rename_repository(world: World, home: Repository, full_name: str) -> None:
    """The repository moves; its former name redirects to it, unless another one takes the name."""
    before = home.full_name
    home.former_names.append(before)
    home.record["full_name"] = full_name
    home.record["name"] = full_name.partition("/")[2]
    for repository in world.repositories:
        repository.changed()
    told = {"changes": {"repository": {"name": {"from": before.partition("/")[2]}}}}
    tell(home, Happening("repository", "renamed", None, home.record, home.newest(), told))


def transfer_repository(world: World, home: Repository, full_name: str, owner: int) -> None:
    """The repository goes to another owner (an account's id); its id stays."""
    before = home.full_name
    home.former_names.append(before)
    home.record.update(full_name=full_name, name=full_name.partition("/")[2], owner=owner)
    for repository in world.repositories:
        repository.changed()
    told = {"changes": {"owner": {"from": before.partition("/")[0]}}}
    tell(home, Happening("repository", "transferred", None, home.record, home.newest(), told))


def delete_account(world: World, user: int) -> None:
    """The account is gone: what it wrote stays, without an author. No webhook tells of it."""
    world.delete_user(user)


def star(home: Repository, user: int, *, forked: bool = False, at: str | None = None) -> Row:
    """Somebody stars (or forks) the repository; the activity feed tells of it."""
    moment = at or next_moment(home)
    counter = "forks_count" if forked else "stargazers_count"
    home.record[counter] = home.record.get(counter, 0) + 1
    row = {
        "id": 20_000_000_000 + len(home.feed),
        "type": "ForkEvent" if forked else "WatchEvent",
        "user": user,
        "created_at": moment,
    }
    home.feed.append(row)
    home.changed(moment)
    tell(home, Happening("fork" if forked else "star", "created", None, row, moment))
    return row
