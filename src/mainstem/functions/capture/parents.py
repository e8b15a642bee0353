"""Parents first: a review or a comment cannot be stored before what it belongs to."""

from mainstem.functions.capture.rows import Batch, Rows
from mainstem.functions.home import Home
from mainstem.functions.services import Services
from mainstem.store import load_pulls


async def pull_if_unknown(services: Services, home: Home, number: int) -> Batch:
    """The pull request's row if it is not stored yet, else nothing. Raises `NotFound`."""
    rows = Rows(home)
    if await services.database.run_read(load_pulls, [rows.pull_id(number)]):
        return Batch()
    return rows.pulls([await services.github.pull(home.owner, home.name, number)])
