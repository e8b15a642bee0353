"""Registration is verified, not hoped for.

What the catalogue says, what an endpoint serves and what a server holds are brought to one spelling
and one fingerprint. The catalogue is written down for review (`manifest_of`); offline it is held to
what was reviewed (`changes`), to what is sent and expected (`check_contract`, at the start of an
endpoint `check_at_start`) and to the parts it is deployed in (`check_parts`); over HTTP all three
sides are compared (`verify`, `send_canary`). Deciding is done by pure functions over values; what
asks has time limits. Nothing here serves, and nothing is registered unless `sync` is told to.
"""

from mainstem.registration.asking import Answer
from mainstem.registration.canary import (
    CANARY_ID,
    CanaryBack,
    CanaryLost,
    CanarySent,
    canary_definition,
    send_canary,
    with_canary,
)
from mainstem.registration.cataloguing import manifest_of
from mainstem.registration.changes import changes
from mainstem.registration.comparison import Comparison, Seen, compare
from mainstem.registration.contract import check_contract
from mainstem.registration.described import Described, fingerprint, read_functions
from mainstem.registration.drift import Difference, Row
from mainstem.registration.errors import BadManifest, RegistrationError
from mainstem.registration.findings import Finding, Level, in_order
from mainstem.registration.keys import keys_of
from mainstem.registration.manifest import FILE_NAME, FunctionEntry, Manifest, read_manifest
from mainstem.registration.parts import BadPart, Part, check_parts, part_in, read_part
from mainstem.registration.refusals import SyncFailed
from mainstem.registration.servers import ask_api, ask_server, is_inngest
from mainstem.registration.sides import Endpoint, HeldApp, Server, Wanted
from mainstem.registration.starting import ContractBroken, check_at_start
from mainstem.registration.syncing import Synced, sync
from mainstem.registration.verifying import expected, verify
from mainstem.registration.wanted import wanted, wanted_in

__all__ = [
    "CANARY_ID",
    "FILE_NAME",
    "Answer",
    "BadManifest",
    "BadPart",
    "CanaryBack",
    "CanaryLost",
    "CanarySent",
    "Comparison",
    "ContractBroken",
    "Described",
    "Difference",
    "Endpoint",
    "Finding",
    "FunctionEntry",
    "HeldApp",
    "Level",
    "Manifest",
    "Part",
    "RegistrationError",
    "Row",
    "Seen",
    "Server",
    "SyncFailed",
    "Synced",
    "Wanted",
    "ask_api",
    "ask_server",
    "canary_definition",
    "changes",
    "check_at_start",
    "check_contract",
    "check_parts",
    "compare",
    "expected",
    "fingerprint",
    "in_order",
    "is_inngest",
    "keys_of",
    "manifest_of",
    "part_in",
    "read_functions",
    "read_manifest",
    "read_part",
    "send_canary",
    "sync",
    "verify",
    "wanted",
    "wanted_in",
    "with_canary",
]
