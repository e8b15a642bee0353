"""The settings object: frozen, typed, built once at the edge and passed down."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from mainstem.settings.environment import Environment
from mainstem.settings.keys import key_hash
from mainstem.settings.peers import Peer
from mainstem.settings.policy import Policy, policy_of
from mainstem.settings.secrecy import veiled, veiled_version, without_password
from mainstem.settings.shares import Share, plain_shares, shares_from

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

# Where the SDK's server is when nothing else is said; the SDK's own defaults.
_DEV_SERVER = "http://127.0.0.1:8288/"
_CLOUD_API = "https://api.inngest.com/"
_CLOUD_EVENTS = "https://inn.gs/"


class SyncLimits(BaseModel):
    """How often and how much a repository is synced.

    Cool-downs are in hours, by the reason of the sync; the defaults are those of the system that
    this one follows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cooldown_manual_hours: float = Field(default=5 / 60, ge=0, allow_inf_nan=False)
    cooldown_auto_fix_hours: float = Field(default=1, ge=0, allow_inf_nan=False)
    cooldown_automatic_hours: float = Field(default=4, ge=0, allow_inf_nan=False)
    cooldown_default_hours: float = Field(default=12, ge=0, allow_inf_nan=False)
    cooldown_scheduled_hours: float = Field(default=24, ge=0, allow_inf_nan=False)
    cooldown_rest_hours: float = Field(default=1, ge=0, allow_inf_nan=False)
    pulls_per_sync: int = Field(default=100, ge=1, le=1_000)


class Settings(BaseModel):
    """Everything that may differ between two places where Mainstem runs.

    Made by `load_settings`. Equal settings are equal values (and equal keys). Secrets, and
    passwords in URLs, do not show in `repr` or `str`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    environment: Environment = Environment.LOCAL
    decided_by: str = "default"

    app_id: str = Field(default="mainstem", pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$")
    app_version: str | None = None
    catalog: str | None = None
    event_key: SecretStr | None = None
    signing_key: SecretStr | None = None
    signing_key_fallback: SecretStr | None = None
    inngest_env: str | None = None
    branch_from: str | None = None
    inngest_base_url: str | None = None
    inngest_api_base_url: str | None = None
    inngest_event_api_base_url: str | None = None
    inngest_dev: bool = True

    database_url: str = "sqlite:///mainstem.db"
    github_url: str = "https://api.github.com"
    github_token: SecretStr | None = None
    github_tokens: tuple[SecretStr, ...] = ()
    github_app_id: str | None = None
    github_app_private_key: SecretStr | None = None
    github_app_private_key_file: str | None = None
    github_proxy: str | None = None
    github_webhook_secret: SecretStr | None = None
    github_webhook_secret_fallback: SecretStr | None = None

    serve_host: str = "127.0.0.1"
    serve_port: int = Field(default=8000, ge=0, le=65_535)
    serve_origin: str | None = None
    serve_path: str = "/api/inngest"
    serve_groups: frozenset[str] = frozenset()
    serve_tags: frozenset[str] = frozenset()
    unauthed_sync: bool = True
    streaming: bool = False
    thread_pool_workers: int | None = Field(default=None, ge=0)
    connect_max_concurrency: int | None = Field(default=None, ge=1)
    log_level: LogLevel = "INFO"
    log_json: bool = False

    functions_on: bool = True
    disabled_functions: frozenset[str] = frozenset()
    shares: tuple[Share, ...] = ()
    rollouts_on: bool = True
    strict: bool = False
    guard_rails: bool = True
    status_page: bool = True
    status_token: SecretStr | None = None
    status_peers: tuple[Peer, ...] = ()
    sync: SyncLimits = SyncLimits()

    @field_validator("shares", mode="before")
    @classmethod
    def _plain_shares_too(cls, value: Any) -> Any:
        return shares_from(value) if isinstance(value, Mapping) else value

    @property
    def policy(self) -> Policy:
        """What the environment asks for and how it behaves."""
        return policy_of(self.environment)

    @property
    def has_github_credential(self) -> bool:
        """Whether there is a token or an App: without, GitHub answers no GraphQL."""
        return bool(self.github_token or self.github_tokens or self.github_app_id)

    @property
    def api_origin(self) -> str:
        """Where functions are registered and long runs fetch their state."""
        default = _DEV_SERVER if self.inngest_dev else _CLOUD_API
        return self.inngest_api_base_url or self.inngest_base_url or default

    @property
    def event_origin(self) -> str:
        """Where events are sent."""
        default = _DEV_SERVER if self.inngest_dev else _CLOUD_EVENTS
        return self.inngest_event_api_base_url or self.inngest_base_url or default

    def key_hashes(self) -> dict[str, str | None]:
        """The keys' hashes under the names of the SDK's introspection; None where none is set.

        Equal hashes are equal keys, so that two sides can be compared without either's value. The
        hash of a signing key opens Inngest's API: show what `short_hash` leaves of it.
        """
        return {
            "event_key_hash": _hash("event", self.event_key),
            "signing_key_hash": _hash("signing", self.signing_key),
            "signing_key_fallback_hash": _hash("signing", self.signing_key_fallback),
        }

    def shown(self) -> dict[str, Any]:
        """Every setting as it may be printed: a secret as whether it is set, a URL without its
        password, and nothing that looks like a key in the wrong place."""
        names = (*type(self).model_fields, "api_origin", "event_origin")
        return {name: _shown(name, getattr(self, name)) for name in names}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            yield name, _represented(name, value)


def shares_of(settings: Settings) -> dict[str, dict[str, float]]:
    """The rollout shares of `settings` as plain dicts: function to version to share."""
    return plain_shares(settings.shares)


def _hash(kind: Literal["event", "signing"], secret: SecretStr | None) -> str | None:
    return None if secret is None else key_hash(kind, secret.get_secret_value())


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "set"
    if name == "github_tokens":
        return f"{len(value)} set" if value else None
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_text(name, str(one)) for one in value]
    if isinstance(value, frozenset):
        return sorted(_text(name, one) for one in value)
    return _text(name, value) if isinstance(value, str) else value


def _represented(name: str, value: Any) -> Any:
    if isinstance(value, frozenset):
        return frozenset(_text(name, one) for one in value)
    if isinstance(value, tuple):
        return tuple(_text(name, str(one)) for one in value)
    return _text(name, value) if isinstance(value, str) else value


def _text(name: str, text: str) -> str:
    return (veiled_version if name == "app_version" else veiled)(without_password(text))
