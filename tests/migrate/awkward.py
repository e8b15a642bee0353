"""Awkward code before and after: the cases in `cases/`, and what each would register.

A case is a text: what it shows, files before, files after (those that change or are new), and what
the plan says of each thing found, one a line: `action kind what: why`; where they matter, also the
settings that it names and what it says there is to know.
"""

import contextlib
import os
import ssl
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import inngest

from mainstem.cli.migrate import refusal
from mainstem.clients import reset_clients
from mainstem.migrate import Item, Plan, plan_migration, write
from mainstem.serving import reset_serving

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One snippet."""

    name: str
    about: str
    before: dict[str, str]
    after: dict[str, str]
    says: list[str]
    settings: list[str] | None
    notes: list[str] | None


def names() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.txt"))


def case(name: str) -> Case:
    head, *sections = (CASES / f"{name}.txt").read_text(encoding="utf-8").split("\n--- ")
    before: dict[str, str] = {}
    after: dict[str, str] = {}
    lines: dict[str, list[str]] = {"says": []}
    for section in sections:
        title, _, text = section.partition("\n")
        kind, _, file = title.partition(": ")
        text = text if not text or text.endswith("\n") else f"{text}\n"
        if kind in {"says", "settings", "notes"}:
            lines[kind] = text.splitlines()
        else:
            {"before": before, "after": after}[kind][file] = text
    told = lines["says"], lines.get("settings"), lines.get("notes")
    return Case(name, head, before, after, *told)


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def read(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def migrated(folder: Path) -> Plan:
    plan = plan_migration([folder], base=folder, refusal=refusal)
    write(plan)
    return plan


def said(item: Item) -> str:
    told = f"{item.action.value} {item.kind.value} {item.what}"
    return told if item.reason is None else f"{told}: {item.reason}"


# What a function is to the server and to its runs: its configuration, and what wraps it.
Registered = list[tuple[str, str, tuple[str, ...], str]]

_FIRST = {"main", "web"}  # a web module that its functions need is loaded before them
_SERVERS = ("fast_api", "flask", "tornado", "django", "digital_ocean")


def registered(folder: Path, plan: Plan, *, is_after: bool) -> Registered:
    """What the code in `folder` registers when all of it is imported.

    Served functions count, by the client that serves them; where nothing is served, all there are.
    """
    served: list[tuple[inngest.Inngest, list[Any]]] = []
    with _imported(folder, served) as modules:
        found: Registered = []
        for client, functions in served or ([] if is_after else _unserved(modules)):
            for function in functions:
                found.append(_told(function, client))
        if is_after and plan.catalog is not None:
            name, _, attribute = plan.catalog.partition(":")
            client = inngest.Inngest(app_id="after", is_production=False, event_key="x")
            catalog = getattr(sys.modules[name], attribute)
            for function in catalog.bind(client, None).functions:
                found.append(_told(function, client))
        if is_after and not served:
            adopted = {told[:2] for told in found}
            for client, (function,) in _unserved(modules):
                told = _told(function, client)
                if told[:2] not in adopted:
                    found.append(told)
        return sorted(found)


def _unserved(modules: list[ModuleType]) -> Iterator[tuple[inngest.Inngest, list[Any]]]:
    clients = {
        value.app_id: value
        for module in modules
        for each in vars(module).values()
        for value in (vars(each).values() if isinstance(each, type) else [each])
        if isinstance(value, inngest.Inngest)
    }
    for function in {id(each): each for one in modules for each in _functions(one)}.values():
        yield clients[function.id.removesuffix(f"-{function.local_id}")], [function]


def _functions(module: ModuleType) -> Iterator[inngest.Function[Any]]:
    for value in vars(module).values():
        if isinstance(value, inngest.Function):
            yield value
        elif isinstance(value, list | tuple):
            yield from (each for each in value if isinstance(each, inngest.Function))
        elif isinstance(value, type) and value.__module__ == module.__name__:
            yield from (each for each in vars(value).values() if isinstance(each, inngest.Function))


def _told(function: inngest.Function[Any], client: inngest.Inngest) -> Any:
    config = function.get_config("http://127.0.0.1/api/inngest")
    main = config.main.model_dump(mode="json", by_alias=True, exclude_none=True)
    failure = (
        None
        if config.on_failure is None
        else config.on_failure.model_dump(mode="json", by_alias=True, exclude_none=True)
    )
    told = str([{k: v for k, v in main.items() if v != []}, failure]).replace(
        function.id, function.local_id
    )
    wraps = [*client.middleware, *function._middleware]
    kind = f"{function.is_handler_async} {function.is_on_failure_handler_async}"
    output = getattr(function._output_type, "__name__", "")
    return function.local_id, told, tuple(each.__name__ for each in wraps), f"{kind} {output}"


@contextlib.contextmanager
def _imported(folder: Path, served: list[Any]) -> Iterator[list[ModuleType]]:
    """Every module below `folder`, web modules first, with the SDK's serve calls written down."""
    import importlib

    paths = sorted(folder.rglob("*.py"), key=lambda path: (path.stem not in _FIRST, str(path)))
    names = [
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for path in paths
    ]
    tops = {name.partition(".")[0] for name in names}
    # Modules of the same name may be loaded: packages of tests are called like rooms.
    hidden = {name: sys.modules[name] for name in _below(tops)}
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("INNGEST", "MAINSTEM"))}
    variables |= {"MAINSTEM_ENV": "local", "INNGEST_DEV": "1", "INNGEST_EVENT_KEY": "key"}
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, variables, clear=True))
        stack.enter_context(mock.patch.object(sys, "path", [str(folder), *sys.path]))
        stack.enter_context(mock.patch.object(sys, "dont_write_bytecode", True))
        # Reading the certificates takes longer than all the rest, and nothing is sent here.
        stack.enter_context(mock.patch("ssl.create_default_context", _no_certificates))
        for name in _SERVERS:
            adapter = importlib.import_module(f"inngest.{name}")
            stack.enter_context(mock.patch.object(adapter, "serve", _noting(adapter.serve, served)))
        try:
            for name in hidden:
                del sys.modules[name]
            importlib.invalidate_caches()
            reset_clients()
            reset_serving()
            yield [importlib.import_module(name) for name in names]
        finally:
            for name in _below(tops):
                del sys.modules[name]
            sys.modules.update(hidden)


def _below(tops: set[str]) -> list[str]:
    """The loaded modules whose first name is one of `tops`."""
    return [name for name in sys.modules if name.partition(".")[0] in tops]


def _no_certificates(*_args: Any, **_options: Any) -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _noting(serve: Any, served: list[Any]) -> Any:
    def noted(*args: Any, **options: Any) -> Any:
        values = [*args, *options.values()]
        client = next(each for each in values if isinstance(each, inngest.Inngest))
        functions = next(each for each in values if isinstance(each, list))
        served.append((client, list(functions)))
        return serve(*args, **options)

    return noted
