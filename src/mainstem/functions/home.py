"""The repository that a capture is about, as far as a run needs to know it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mainstem.catalog import NonRetriableError
from mainstem.functions.services import Services
from mainstem.functions.troubles import asking_github
from mainstem.github import Gone, NotFound, RepositoryRef
from mainstem.store import load_repository


@dataclass(frozen=True, slots=True)
class Home:
    """A stored repository: our id, GitHub's, and the name under which GitHub is asked."""

    id: UUID
    github_id: int
    owner: str
    name: str
    last_synced_at: datetime | None

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"


async def load_home(services: Services, repository_id: UUID) -> Home:
    """The repository of that id. One that is not stored is final, not retried (defect D3)."""
    found = await services.database.run_read(load_repository, repository_id)
    if found is None:
        raise NonRetriableError(
            f"Repository not found: no stored repository has id {repository_id}. Send "
            "discover/repository.new with its owner and name first."
        )
    return Home(found.id, found.github_id, found.owner, found.name, found.last_synced_at)


async def load_home_by_name(services: Services, repository_id: UUID) -> Home:
    """The same, for those who ask GitHub by name and get no repository's number in the answer.

    The name is asked for first (304, and free, when it was before): another repository may have it
    by now, and its records must not be stored as ours. One that is not there at all is for the
    caller to meet, each in its own way.
    """
    home = await load_home(services, repository_id)
    with asking_github(services.clock):
        try:
            found = await services.github.repository(home.owner, home.name)
        except (NotFound, Gone):
            return home
    check_same_repository(home, RepositoryRef(found.id, found.full_name))
    return home


def check_same_repository(home: Home, found: RepositoryRef) -> None:
    """Stop for good when the name now belongs to another repository: two must never be mixed."""
    if found.id != home.github_id:
        raise NonRetriableError(
            f"Cannot capture {home.full_name}: GitHub now has repository {found.id} "
            f"({found.full_name}) under that name, the stored one is {home.github_id}. It was "
            "deleted or renamed and its name used again; discover the repository anew."
        )
