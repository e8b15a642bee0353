"""What an app says of itself when it registers: read from each of the three ways, and checked.

Inngest SDK protocol, "Registration (sync)" and "Function configuration".
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from mainstem.engine.configuration import FunctionConfig, parse_function
from mainstem.engine.errors import BadConfiguration

Json = Any
# Registrations over Connect all carry this address: the worker calls us, nobody calls it.
CONNECT_URL: Final = "wss://connect"


class SyncMethod(StrEnum):
    """How an app came to be registered."""

    OUT_OF_BAND = "out_of_band"
    IN_BAND = "in_band"
    CONNECT = "connect"
    ENDPOINT = "endpoint"  # a durable endpoint: known by the runs that its app begins


@dataclass(frozen=True, slots=True)
class Registration:
    """What one app registers; `sdk` is `{language}:v{version}`, `raw` what it sent by function."""

    name: str
    url: str
    sdk: str
    framework: str
    raw: tuple[Mapping[str, Json], ...]
    configs: tuple[FunctionConfig, ...]
    app_version: str | None = None
    env: str | None = None
    method: SyncMethod = SyncMethod.OUT_OF_BAND

    @property
    def checksum(self) -> str:
        """Equal for equal registrations, however they came."""
        told = [self.url, self.sdk, self.framework, self.app_version, self.env, self.raw]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def read_registration(body: Mapping[str, Json], *, env: str | None = None) -> Registration:
    """The body of a register request, whose environment is a header. Raises `BadConfiguration`."""
    return _registration(
        body,
        name=app_name(body),
        sdk=body.get("sdk"),
        env=env,
        method=SyncMethod.OUT_OF_BAND,
    )


def app_name(body: Mapping[str, Json]) -> str:
    """The app that a register request names, or nothing: the SDKs do not spell the key alike."""
    return str(body.get("appname") or body.get("appName") or "")


def read_in_band(answer: Mapping[str, Json]) -> Registration:
    """The answer to an in-band sync. Raises `BadConfiguration`."""
    return _registration(
        answer,
        name=answer.get("app_id"),
        sdk=f"{answer.get('sdk_language')}:v{answer.get('sdk_version')}",
        env=answer.get("env"),
        method=SyncMethod.IN_BAND,
    )


def read_connected(body: Mapping[str, Json], *, env: str | None) -> Registration:
    """What a worker told of one of its apps, as a register request's body. Raises as above."""
    return replace(read_registration(body, env=env), method=SyncMethod.CONNECT)


def function_checksum(raw: Mapping[str, Json]) -> str:
    """Equal for equal configurations of a function, wherever and however its app is served."""
    steps = {
        name: {key: value for key, value in step.items() if key != "runtime"}
        for name, step in (raw.get("steps") or {}).items()
    }
    return json.dumps({**raw, "steps": steps}, sort_keys=True)


def read_functions(raw: object) -> tuple[FunctionConfig, ...]:
    """The list of functions of a registration. Raises `BadConfiguration`."""
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise BadConfiguration("(all)", "'functions' is not a list")
    return tuple(parse_function(each, place) for place, each in enumerate(raw))


def _registration(
    body: Mapping[str, Json], *, name: Json, sdk: Json, env: Json, method: SyncMethod
) -> Registration:
    configs = read_functions(body.get("functions") or ())
    # A repeated id keeps its last.
    last = {config.slug: place for place, config in enumerate(configs)}
    raw = tuple(body.get("functions") or ())
    return Registration(
        name=str(name or ""),
        url=str(body.get("url") or ""),
        sdk=str(sdk or ""),
        framework=str(body.get("framework") or ""),
        raw=tuple(raw[place] for place in last.values()),
        configs=tuple(configs[place] for place in last.values()),
        app_version=str(body.get("appVersion") or "") or None,
        env=str(env or "") or None,
        method=method,
    )
