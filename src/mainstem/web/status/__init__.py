"""The status page: every function in every environment, live, for people and programs.

Facts are gathered (`gathering`) apart from how they are shown (`rendering`), and both apart from
HTTP (`routes`). `status_page` decides whether a page may be shown at all. Nothing here registers,
sends or changes anything.
"""

from mainstem.web.status.facts import (
    Cell,
    Difference,
    FindingFacts,
    FunctionFacts,
    Here,
    LastRun,
    PeerFacts,
    ServerFacts,
    State,
    Status,
    Sync,
    VersionShare,
)
from mainstem.web.status.gathering import Gathering
from mainstem.web.status.options import StatusPage, is_loopback, status_page
from mainstem.web.status.routes import StatusRoutes

__all__ = [
    "Cell",
    "Difference",
    "FindingFacts",
    "FunctionFacts",
    "Gathering",
    "Here",
    "LastRun",
    "PeerFacts",
    "ServerFacts",
    "State",
    "Status",
    "StatusPage",
    "StatusRoutes",
    "Sync",
    "VersionShare",
    "is_loopback",
    "status_page",
]
