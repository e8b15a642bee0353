"""The lint from end to end: files, their handlers, the rules, and what is ignored."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from mainstem.lint.body import Body
from mainstem.lint.branches import repeated_ids
from mainstem.lint.coroutines import blocking_calls, lost_awaits, nested_steps
from mainstem.lint.failures import swallowed_errors
from mainstem.lint.findings import Finding
from mainstem.lint.handlers import Handler, handlers_of
from mainstem.lint.identity import duplicates, unordered_loops
from mainstem.lint.importing import clients_at_import
from mainstem.lint.mutation import lost_assignments
from mainstem.lint.project import concerns, python_files, text_of
from mainstem.lint.replay import unstable
from mainstem.lint.rules import BY_ID
from mainstem.lint.sending import undeclared_sends
from mainstem.lint.source import Module
from mainstem.lint.suppression import without_ignored
from mainstem.lint.tree import FunctionNode

_RULES_OF_A_BODY: tuple[Callable[[Body], Iterator[Finding]], ...] = (
    repeated_ids,
    lost_assignments,
    nested_steps,
    unstable,
    duplicates,
    lost_awaits,
    swallowed_errors,
    unordered_loops,
    blocking_calls,
)


def lint_paths(paths: Iterable[Path]) -> list[Finding]:
    """Every finding in the files and folders given, in order of place.

    Raises `NothingToLint` for a path that does not exist.
    """
    found: list[Finding] = []
    for path in python_files(paths):
        found += lint_source(text_of(path), path)
    return sorted(found)


def lint_source(text: str, path: Path | str = "<source>") -> list[Finding]:
    """Every finding in one text, in order of place. `path` is what they name."""
    if not concerns(text):
        return []
    try:
        found = _found(Module(text, str(path)))
    except SyntaxError as error:
        return [_unreadable(str(path), error.lineno or 1, error.offset or 1, error.msg)]
    except ValueError as error:
        return [_unreadable(str(path), 1, 1, str(error))]
    except RecursionError:
        return [_unreadable(str(path), 1, 1, "it is nested too deeply to be read")]
    return sorted(without_ignored(found, text, str(path)))


def _found(module: Module) -> list[Finding]:
    found = list(clients_at_import(module))
    bodies = list(_bodies(module))
    for body in bodies:
        if body.steps or body.handler.is_entry:
            for rule in _RULES_OF_A_BODY:
                found += rule(body)
    found += undeclared_sends(module, bodies)
    return _once(found)


def _bodies(module: Module) -> Iterator[Body]:
    """The handlers, then the helpers that they hand their context to, each once.

    What several functions share belongs to none of them.
    """
    found: dict[FunctionNode, Handler] = {}
    ids: dict[FunctionNode, set[str | None]] = {}
    for handler in handlers_of(module):
        found.setdefault(handler.node, handler)
        if handler.is_entry:
            ids.setdefault(handler.node, set()).add(handler.function_id)
    bodies = {}
    for handler in [_owned(one, ids) for one in found.values() if one.is_entry]:
        body = bodies[handler.node] = Body(module, handler)
        for call, helper in body.helpers:
            ids.setdefault(helper, set()).add(handler.function_id)
            found.setdefault(helper, body.handed_to(call, helper))
    for node, handler in found.items():
        yield bodies.get(node) or Body(module, _owned(handler, ids))


def _owned(handler: Handler, ids: dict[FunctionNode, set[str | None]]) -> Handler:
    owners = ids.get(handler.node, {handler.function_id})
    return replace(handler, function_id=min(owners, key=str) if len(owners) == 1 else None)


def _once(found: list[Finding]) -> list[Finding]:
    """One finding per rule and place: a function may be read as a step of two handlers."""
    kept: dict[tuple[str, int, int], Finding] = {}
    for one in found:
        kept.setdefault((one.rule, one.line, one.column), one)
    return list(kept.values())


def _unreadable(path: str, line: int, column: int, message: str) -> Finding:
    mend = BY_ID["unreadable"].mend
    told = f"This cannot be read as Python: {message}."
    return Finding("unreadable", path, line, column, None, told, mend)
