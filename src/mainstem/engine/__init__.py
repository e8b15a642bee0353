"""The embedded engine: one process, one SQLite file, the SDK's protocol over HTTP.

Apps written with the `inngest` SDK register with it, send it events and are called by it, as they
would be by the hosted service. It leaves to others what the functions do: it knows no GitHub, no
database of ours, no settings, and could be lifted into a package of its own.

    engine = Engine.open(EngineOptions(path="engine.db"))
    async with engine:
        serve(engine_app(engine))           # POST /e/{key}, POST /fn/register, ...
        await engine.sync_app("http://127.0.0.1:8000/api/inngest")
        await engine.send([{"name": "shop/order", "data": {"id": 1}}])
        await engine.wait_idle()
"""

from mainstem.engine.access import check_exposure
from mainstem.engine.apps import AppView, Conflict, FunctionView
from mainstem.engine.clock import Clock, SystemClock, VirtualClock
from mainstem.engine.engine import Engine
from mainstem.engine.errors import (
    BadConfiguration,
    BadDuration,
    BadEvent,
    EngineBusy,
    EngineError,
    EngineNotRunning,
    FunctionTaken,
    StillRegistered,
    StorageBusy,
    StorageFailed,
    SyncRefused,
    UnknownFunction,
    UnknownRun,
    WrongEnvironment,
)
from mainstem.engine.history import FunctionRuns, RunSummary
from mainstem.engine.http_api import engine_app
from mainstem.engine.lifecycle import RunStatus, StepStatus
from mainstem.engine.options import ConnectTimes, EngineOptions, EngineStats
from mainstem.engine.polling import Notice, Sign, Watch, watching
from mainstem.engine.pruning import Pruned, Retention, prune_file
from mainstem.engine.registrar import Accepted
from mainstem.engine.registration import Registration, SyncMethod
from mainstem.engine.views import RunView, StepView
from mainstem.engine.work import Change

__all__ = [
    "Accepted",
    "AppView",
    "BadConfiguration",
    "BadDuration",
    "BadEvent",
    "Change",
    "Clock",
    "Conflict",
    "ConnectTimes",
    "Engine",
    "EngineBusy",
    "EngineError",
    "EngineNotRunning",
    "EngineOptions",
    "EngineStats",
    "FunctionRuns",
    "FunctionTaken",
    "FunctionView",
    "Notice",
    "Pruned",
    "Registration",
    "Retention",
    "RunStatus",
    "RunSummary",
    "RunView",
    "Sign",
    "StepStatus",
    "StepView",
    "StillRegistered",
    "StorageBusy",
    "StorageFailed",
    "SyncMethod",
    "SyncRefused",
    "SystemClock",
    "UnknownFunction",
    "UnknownRun",
    "VirtualClock",
    "Watch",
    "WrongEnvironment",
    "check_exposure",
    "engine_app",
    "prune_file",
    "watching",
]
