"""Every error the engine raises on purpose, as one short tree.

::

    EngineError
    ├── EngineBusy         another engine has the file open
    ├── EngineNotRunning   asked to work while its loop is not running
    ├── StorageBusy        another program holds a write lock on the file; nothing was changed
    ├── StorageFailed      the engine's file cannot be used: the disk is full, or it is damaged
    ├── AppUnreachable     an app gave no answer
    ├── SyncRefused        an app could not be registered
    ├── WrongEnvironment   an app belongs to another environment than the engine
    ├── FunctionTaken      another app has a function of the same full id
    ├── StillRegistered    a function's runs were to be dropped, and its app still has it
    ├── BadConfiguration   a function's configuration breaks a rule of the protocol
    ├── BadExpression      an expression does not compile
    ├── BadEvent           an event cannot be accepted; carries the ids accepted before it
    ├── BadFrame           a Connect worker sent what is no message of the protocol
    ├── BadDuration        a text is not a duration or a time
    ├── BadMove            a life cycle was asked for a move it does not have
    ├── BadParameter       a request to the API holds what cannot be read; names the parameter
    ├── NotPossible        what was asked cannot be done in the state things are in
    ├── UnknownRun         no run has this id
    ├── UnknownFunction    no function has this id
    └── UnknownThing       nothing else of this kind has this id
"""

# ruff: noqa: N818  the names read as what happened; the root's name says that it is an error

from collections.abc import Sequence
from typing import Final


class EngineError(Exception):
    """Root of everything the engine raises on purpose."""


class EngineBusy(EngineError):
    """Another process, or another engine in this one, holds the file."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"Cannot open the engine's file {path!r}: another engine is running on it. One engine"
            " serves one file; stop the other one or choose another path."
        )


class StorageBusy(EngineError):
    """Another program holds a write lock on the engine's file; nothing was changed."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"Cannot write to the engine's file {path!r}: another program, such as a database"
            " browser, holds a write lock on it. Nothing was changed. End that program's"
            " transaction (commit it, roll it back, or close the program), and try again."
        )


# What to do about a file that cannot be used any more.
UNWRITABLE: Final = (
    "What it had accepted is in the file and goes on when it is started again. Make room on the"
    " disk (`mainstem engine prune` removes old runs), or check its health, first."
)
DAMAGED: Final = (
    "The file is damaged and was left as it is. Put a backup of it in its place, or save what can"
    " still be read (`sqlite3 FILE .recover | sqlite3 NEW`); check the health of the disk."
)
REMOVED: Final = (
    "Somebody removed, renamed or replaced the file or its `-wal` under the running engine. Put"
    " back what was renamed, all files together, or start with a new one; stop the engine first"
    " the next time."
)


class StorageFailed(EngineError):
    """The engine's file cannot be read or written any more; the engine stops."""

    def __init__(self, path: str, reason: str, advice: str = UNWRITABLE) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"Cannot go on with the engine's file {path!r}: {reason}. The engine stops. {advice}"
        )


class AppUnreachable(EngineError):
    """A request to an app got no answer."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"No answer from {url!r}: {reason}")


class EngineNotRunning(EngineError):
    """The engine is closed or was not entered yet."""


class SyncRefused(EngineError):
    """An app did not register when it was asked to; `reason` names the cause and the mend."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"Cannot sync the app at {url}: {reason}")


class WrongEnvironment(EngineError):
    """An app names another branch environment than the engine's, or none."""

    def __init__(self, app: str, *, found: str | None, expected: str) -> None:
        self.app = app
        self.found = found
        self.expected = expected
        theirs = f"the environment {found!r}" if found else "no environment"
        super().__init__(
            f"Cannot register app {app!r}: it names {theirs} and this server is the environment"
            f" {expected!r}. Set INNGEST_ENV={expected} (the client's `env`) on the app, or send"
            " it to the server of its own environment."
        )


class FunctionTaken(EngineError):
    """Two apps have a function of one full id, as 'a' with 'b-c' and 'a-b' with 'c' have."""

    def __init__(self, slug: str, app: str, holder: str) -> None:
        self.slug = slug
        self.app = app
        self.holder = holder
        super().__init__(
            f"Cannot register app {app!r}: its function {slug.removeprefix(f'{app}-')!r} has the"
            f" full id {slug!r}, which is that of a function of app {holder!r} already. Rename"
            " one of the two functions or apps; nothing was changed."
        )


class StillRegistered(EngineError):
    """Only what an app gave up can be dropped whole."""

    def __init__(self, slug: str) -> None:
        self.slug = slug
        super().__init__(
            f"Cannot drop the runs of function {slug!r}: its app still has it, so more would come."
            " Take it out of the app and sync, or cancel runs one by one or by a bulk cancellation."
        )


class BadConfiguration(EngineError):
    """A function's configuration breaks a rule; `function` is its id or place in the list."""

    def __init__(self, function: str, rule: str) -> None:
        self.function = function
        super().__init__(f"Function {function!r} is invalid: {rule}")


class BadExpression(EngineError):
    """An expression does not compile."""

    def __init__(self, expression: str, reason: str) -> None:
        self.expression = expression
        self.reason = reason
        super().__init__(f"Cannot compile the expression {expression!r}: {reason}")


class BadEvent(EngineError):
    """An event was refused; `accepted` are the ids of the events of its request before it."""

    def __init__(self, reason: str, accepted: Sequence[str] = ()) -> None:
        self.reason = reason
        self.accepted = tuple(accepted)
        super().__init__(reason)


class BadDuration(EngineError):
    """A text that should be a duration or a time is neither."""


class BadFrame(EngineError):
    """Bytes that are no message of Connect, or one out of turn."""


class BadMove(EngineError):
    """A life cycle has no such move: a defect of the engine, never of its user."""


class BadParameter(EngineError):
    """A parameter of a request is not what it may be; `problem` says what it may."""

    def __init__(self, name: str, problem: str) -> None:
        self.name = name
        self.problem = problem
        super().__init__(f"Bad parameter {name!r}: {problem}.")


class NotPossible(EngineError):
    """What was asked is understood and cannot be done now; the message says why."""


class UnknownRun(EngineError):
    """No run has this id."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        super().__init__(f"There is no run {run_id!r} in this engine's file.")


class UnknownFunction(EngineError):
    """No registered function has this id."""

    def __init__(self, function_id: str) -> None:
        self.function_id = function_id
        super().__init__(f"could not find function with ID: {function_id}")


class UnknownThing(EngineError):
    """Nothing of a kind (an event, an app, a cancellation) has this id."""

    def __init__(self, kind: str, thing_id: str) -> None:
        self.kind = kind
        self.thing_id = thing_id
        super().__init__(f"There is no {kind} {thing_id!r} in this engine's file.")
