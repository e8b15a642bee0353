"""What each environment asks for and how it behaves, as one table.

`mainstem doctor` prints the row of the environment it found; docs/environments.md has them all.
"""

from dataclasses import dataclass
from typing import Literal

from mainstem.settings.environment import Environment

KeyKind = Literal["prod", "test", "branch"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How one environment behaves.

    `mode` is the SDK's: in `dev` it talks to a development server and checks no signature.
    `keys` are the variables that must be set. `wrong_keys` are the kinds of signing key that
    belong elsewhere, told by their prefix. `guard_rails` and `status_page` are defaults, which
    settings may change; the rest is fixed.
    """

    environment: Environment
    mode: Literal["dev", "cloud"]
    keys: tuple[str, ...]
    wrong_keys: tuple[KeyKind, ...]
    events_go_to: str
    inngest_environment: str
    database: str
    expects_server_database: bool
    guard_rails: bool
    status_page: bool
    reads_env_file: bool


_BOTH = ("INNGEST_EVENT_KEY", "INNGEST_SIGNING_KEY")

POLICIES: tuple[Policy, ...] = (
    Policy(
        environment=Environment.LOCAL,
        mode="dev",
        keys=(),
        wrong_keys=(),
        events_go_to="the development server on this machine",
        inngest_environment="none",
        database="a SQLite file",
        expects_server_database=False,
        guard_rails=True,
        status_page=True,
        reads_env_file=True,
    ),
    Policy(
        environment=Environment.TEST,
        mode="dev",
        keys=(),
        wrong_keys=(),
        events_go_to="the development server, if there is one",
        inngest_environment="none",
        database="its own, thrown away",
        expects_server_database=False,
        guard_rails=True,
        status_page=False,
        reads_env_file=False,
    ),
    Policy(
        environment=Environment.PREVIEW,
        mode="cloud",
        keys=_BOTH,
        wrong_keys=("prod",),
        events_go_to="Inngest, into the branch's environment",
        inngest_environment="a branch environment",
        database="its own, never production's",
        expects_server_database=False,
        guard_rails=False,
        status_page=False,
        reads_env_file=False,
    ),
    Policy(
        environment=Environment.STAGING,
        mode="cloud",
        keys=_BOTH,
        wrong_keys=("prod",),
        events_go_to="Inngest, into staging's environment",
        inngest_environment="a custom environment",
        database="PostgreSQL, never production's",
        expects_server_database=True,
        guard_rails=False,
        status_page=False,
        reads_env_file=False,
    ),
    Policy(
        environment=Environment.PRODUCTION,
        mode="cloud",
        keys=_BOTH,
        wrong_keys=("branch", "test"),
        events_go_to="Inngest, into production",
        inngest_environment="production",
        database="PostgreSQL",
        expects_server_database=True,
        guard_rails=False,
        status_page=False,
        reads_env_file=False,
    ),
)


def policy_of(environment: Environment) -> Policy:
    """The row of `environment`."""
    return next(policy for policy in POLICIES if policy.environment is environment)
