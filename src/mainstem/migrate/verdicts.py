"""What may move and what must stay: refusals spread until everything left fits together.

A function that stays is adopted where a catalogue can import it. Where it cannot, the serve call
that lists it stays, and with the call every function that it lists: an endpoint of the SDK cannot
serve definitions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mainstem.migrate.adoptions import Adoptions
from mainstem.migrate.clients import has_serializer
from mainstem.migrate.finds import Client, Function, Maker, Serve
from mainstem.migrate.functions import Functions
from mainstem.migrate.middleware import Wraps, wraps_of
from mainstem.migrate.modules import Project
from mainstem.migrate.options import middleware_is_open
from mainstem.migrate.serve_edits import take_out
from mainstem.migrate.serve_options import differing, options_trouble
from mainstem.migrate.taken_ids import taken_ids
from mainstem.migrate.uses import Uses

_DESTINATION = ("event_key", "signing_key", "env", "api_base_url", "event_api_base_url")
_SAME_AS_SETTINGS = {
    "event_key": "INNGEST_EVENT_KEY",
    "signing_key": "INNGEST_SIGNING_KEY",
    "env": "INNGEST_ENV",
    "api_base_url": "INNGEST_API_BASE_URL",
    "event_api_base_url": "INNGEST_EVENT_API_BASE_URL",
}


@dataclass
class Verdicts:
    """The outcome. `served` are the serve calls that move, by web application."""

    groups: list[list[Serve]] = field(default_factory=list)
    wraps: dict[str, Wraps] = field(default_factory=dict)
    unserved: list[Function] = field(default_factory=list)


def judge(
    project: Project,
    clients: dict[str, Client],
    functions: Functions,
    serves: list[Serve],
    uses: Uses,
    held: Mapping[str, Sequence[Function]],
    adoptions: Adoptions,
) -> Verdicts:
    """Set `why` and `lost` on everything that must stay, and group what moves."""
    verdicts = Verdicts()
    if clients:
        _block_other_destinations(clients, functions, is_second=project.uses_mainstem)
    _judge_serves(project, serves, uses)
    _judge_middleware(project, functions, verdicts, adoptions)
    _judge_serializers(project, functions)
    for name, why in uses.tainted.items():
        for function in held.get(name, ()):
            function.why = function.why or why
    everything = list(functions.by_key.values())
    taken = taken_ids(project) if everything else {}
    while True:
        before = _refusals(everything, serves, functions)
        _spread(everything, serves, functions)
        _stay_in_lists(held)
        if _refusals(everything, serves, functions) == before:
            _refuse_collisions(everything, serves, adoptions, taken)
            verdicts.groups = _grouped(project, serves)
            if _refusals(everything, serves, functions) == before:
                break
    if serves:
        verdicts.unserved = [one for one in everything if one.why is None and not one.served_by]
    return verdicts


def _judge_serves(project: Project, serves: list[Serve], uses: Uses) -> None:
    already = project.served_already
    for serve in serves:
        tainted = [name for name in serve.lists if name in uses.tainted]
        if tainted and serve.why is None:
            serve.why, serve.is_followed = uses.tainted[tainted[0]], False
        _leave_out_what_is_not_imported(project, serve)
        for function in serve.functions:
            function.served_by.append(serve)
        serve.why = serve.why or _adapter_trouble(project, serve)
        if already is not None:
            serve.why = serve.why or (
                f"Mainstem serves at {already} already; list these functions in its "
                "catalogue by hand, or migrate this application by its own path"
            )


def _judge_middleware(
    project: Project, functions: Functions, verdicts: Verdicts, adoptions: Adoptions
) -> None:
    for function in functions.by_key.values():
        adoption = adoptions.of(function)
        if adoption is None or adoption.client is not None:
            usual = function.client if adoption is None else adoption.client
            _judge_wraps(project, functions, function, usual, verdicts)
    for maker in functions.makers.values():
        wraps = {
            verdicts.wraps[one.key].names for one in maker.functions if one.key in verdicts.wraps
        }
        if len(wraps) > 1:
            maker.why = maker.why or "the functions that it makes are served by different clients"


def _judge_serializers(project: Project, functions: Functions) -> None:
    """A catalogue's client would not serialize: who needs that cannot be adopted by one.

    The SDK asks a serializer only for what has an `output_type`, of a function or of a step. What
    is served stays with its endpoint, since its client does.
    """
    for function in functions.by_key.values():
        if function.served_by or not has_serializer(function.client):
            continue
        modules = {function.module.name, *(one.module.name for one in function.creates)}
        loaded = {name for module in modules for name in project.imported_by(module)}
        if any(b"output_type" in project.sources[name].data for name in loaded):
            function.lost = function.lost or (
                "what it gives passes through the serializer of its client"
            )


def _refusals(
    everything: list[Function], serves: list[Serve], functions: Functions
) -> tuple[int, int, int, int]:
    return (
        sum(one.why is not None for one in everything),
        sum(one.lost is not None for one in everything),
        sum(one.why is not None for one in serves),
        sum(one.why is not None for one in functions.makers.values()),
    )


def _spread(everything: list[Function], serves: list[Serve], functions: Functions) -> None:
    for maker in functions.makers.values():
        _stay_with_makers(maker)
    for function in everything:
        if function.client.blocked is not None and function.why is None:
            function.why = f"its client stays: {function.client.blocked}"
        if function.why is not None and (function.entry or "*").startswith("*"):
            function.lost = function.lost or "it has no name of its own by which to adopt it"
    for serve in serves:
        serve.why = serve.why or _stays_with_what_it_serves(serve)
        if serve.why is not None:
            _stay_served(everything, serve)


def _stay_in_lists(held: Mapping[str, Sequence[Function]]) -> None:
    """A list that the catalogue unpacks holds definitions only."""
    for members in held.values():
        staying = next((one for one in members if one.why is not None), None)
        for function in members:
            if staying is not None and (function.entry or "").startswith("*"):
                told = f"its list also holds {staying.shown}, which stays: {staying.why}"
                function.why = function.why or told


def _stay_with_makers(maker: Maker) -> None:
    """A maker and its functions move together, or stay together."""
    name = maker.key.rpartition(".")[2]
    for function in maker.functions:
        if maker.why is not None and function.why is None:
            function.why = f"`{name}`, which makes it, stays: {maker.why}"
        elif function.why is not None and maker.why is None:
            maker.why = f"it also makes {function.shown}, which stays: {function.why}"


def _stays_with_what_it_serves(serve: Serve) -> str | None:
    for client in serve.clients:
        if client.blocked is not None:
            return f"its client stays: {client.blocked}"
    for function in serve.functions:
        if function.lost is not None:
            return (
                f"it serves {function.shown}, which can be neither rewritten nor adopted: "
                f"{function.lost}"
            )
    return None


def _stay_served(everything: Iterable[Function], serve: Serve) -> None:
    """An old endpoint serves old functions only."""
    for function in everything:
        is_here = serve in function.served_by
        may_be_here = not serve.is_followed and (
            function.client in serve.clients or not serve.clients or not function.served_by
        )
        if function.why is None and (is_here or may_be_here):
            function.why = f"it is served at {serve.place}, which stays: {serve.why}"


def _block_other_destinations(
    clients: dict[str, Client], functions: Functions, *, is_second: bool
) -> None:
    """One client sends to one place, with one key: those that differ from most cannot merge."""
    told = {key: _destination(client) for key, client in clients.items()}
    counts: dict[str, int] = dict.fromkeys(told.values(), 0)
    for function in functions.by_key.values():
        counts[told[function.client.key]] += 1
    # The environment's own place is what settings mean. Code that Mainstem serves in part already
    # has that one; asked again after an earlier run, the answer must not change.
    usual = "" if "" in counts or is_second else max(counts, key=lambda each: counts[each])
    for key, client in clients.items():
        if told[key] != usual:
            client.blocked = client.blocked or (
                f"it talks to another place ({told[key] or 'the one of the environment'}) than "
                f"the others ({usual or 'the one of the environment'}), and one client has one"
            )


def _destination(client: Client) -> str:
    parts = []
    for name in _DESTINATION:
        value = client.options.get(name)
        if value is None:
            continue
        code = client.module.code(value)
        if code != "None" and _SAME_AS_SETTINGS[name] not in code:
            parts.append(f"{name}={code if 'key' not in name or '(' in code else '…'}")
    return ", ".join(parts)


def _leave_out_what_is_not_imported(project: Project, serve: Serve) -> None:
    """Decorators fill a list only in modules that are imported when it is served."""
    reached = project.imported_by(serve.module.name)
    serve.functions = [
        one for one in serve.functions if not one.listed_by or one.module.name in reached
    ]


def _adapter_trouble(project: Project, serve: Serve) -> str | None:
    if serve.adapter == "digital_ocean":
        return "Mainstem has no adapter for DigitalOcean's functions"
    return options_trouble(project, serve)


def _judge_wraps(
    project: Project,
    functions: Functions,
    function: Function,
    usual: Client | None,
    verdicts: Verdicts,
) -> None:
    """The middleware that wraps a function's runs is its serving client's, not its own client's."""
    serving = list(dict.fromkeys(c for serve in function.served_by for c in serve.clients
                                 if serve.why is None)) or [usual or function.client]  # fmt: skip
    found = [wraps_of(project, client) for client in serving]
    first = found[0]
    if any(one.names != first.names or one.why != first.why for one in found):
        function.why = function.why or "the clients that serve it have different middleware"
        function.lost = function.lost or function.why
        return
    verdicts.wraps[function.key] = first
    if function.why is None and first.why is not None:
        function.why = f"the middleware of client `{serving[0].key}` cannot be moved: {first.why}"
    if function.why is None and first.names:
        why = middleware_is_open(project, functions, function)
        if why is not None:
            told = f"the middleware of client `{serving[0].key}` cannot be put in front"
            function.why = f"{told}: {why}"


def _refuse_collisions(
    everything: list[Function],
    serves: list[Serve],
    adoptions: Adoptions,
    taken: Mapping[str, str],
) -> None:
    """One catalogue has one function of an id; `taken` are those of definitions, by id."""
    listed = [
        one for one in everything if one.lost is None and (one.served_by or not serves)
        and not any(serve.why is not None for serve in one.served_by)
    ]  # fmt: skip
    several_apps = len({one.client.app_id for one in listed}) > 1
    first = {fn_id: (f"definition at {place}", "") for fn_id, place in taken.items()}
    # What a catalogue adopts is in it, whichever comes first in the source.
    for function in sorted(everything, key=lambda one: adoptions.of(one) is None):
        is_adopted = adoptions.of(function) is not None
        if function not in listed and not is_adopted:
            continue
        for fn_id in dict.fromkeys(function.ids):
            if fn_id is None:
                if several_apps and not is_adopted:
                    why = "its id cannot be read, so it may collide with one of another app"
                    function.why = function.lost = function.why or why
                continue
            other, key = first.setdefault(fn_id, (f"function at {function.place}", function.key))
            if key != function.key:
                why = f"its id '{fn_id}' is taken by the {other}; rename one"
                function.why = function.lost = why


def _grouped(project: Project, serves: list[Serve]) -> list[list[Serve]]:
    """The serve calls that move, by the web application that they belong to.

    The catalogue is what the application with the most functions serves. Another one may serve it
    too, but only the whole of it: a part under the same app id would take the others away.
    """
    groups: dict[object, list[Serve]] = {}
    for serve in serves:
        if serve.why is None:
            groups.setdefault(_application(project, serve), []).append(serve)
    if not groups:
        return []
    for group in groups.values():
        _check_options(project, group)
    groups = {key: left for key, group in groups.items()
              if (left := [one for one in group if one.why is None])}  # fmt: skip
    served = {key: {one.key for serve in group for one in serve.functions}
              for key, group in groups.items()}  # fmt: skip
    main = max(groups, key=lambda key: len(served[key]))
    kept = []
    for key, group in groups.items():
        if served[key] == served[main]:
            kept.append(group)
            continue
        for serve in group:
            serve.why = (
                f"it serves other functions than {groups[main][0].place}; one catalogue cannot be "
                "both. Migrate each application by its own path"
            )
    return kept


def _check_options(project: Project, group: list[Serve]) -> None:
    """The later calls of an application go away: they must agree with the first, and can go."""
    first = group[0]
    for serve in group[1:]:
        option = differing(project, first, serve)
        if option is not None:
            serve.why = f"its `{option}` differs from that at {first.place}"
        elif take_out(serve.module, serve.call) is None:
            serve.why = "its value is used, so it cannot be merged with the call at " + first.place


def _application(project: Project, serve: Serve) -> object:
    if serve.adapter == "django":
        return ("django", serve.module.name)
    if serve.app is None:
        return serve.call
    name = project.resolve(serve.module, serve.app) or serve.module.code(serve.app)
    return (serve.adapter, name)
