"""The plan in words: every item, what settings must say from now on, and what else changes."""

from dataclasses import dataclass
from pathlib import Path

from mainstem.migrate.by_hand import ByHand
from mainstem.migrate.catalogue_place import CataloguePlace
from mainstem.migrate.finds import Client, Function, Stray
from mainstem.migrate.middleware import wraps_of
from mainstem.migrate.plan import Action, Item, Kind, Plan
from mainstem.migrate.rewriting import Rewriting
from mainstem.migrate.serve_edits import old_path
from mainstem.migrate.serve_options import settings_said

_VARIABLES = {
    "event_key": "INNGEST_EVENT_KEY",
    "signing_key": "INNGEST_SIGNING_KEY",
    "env": "INNGEST_ENV",
    "api_base_url": "INNGEST_API_BASE_URL",
    "event_api_base_url": "INNGEST_EVENT_API_BASE_URL",
    "app_version": "MAINSTEM_APP_VERSION",
    "is_production": "MAINSTEM_ENV",
}
_HIDDEN = frozenset({"event_key", "signing_key"})


@dataclass(frozen=True)
class Found:
    """Everything that there is to tell of."""

    rewriting: Rewriting
    strays: list[Stray]
    catalogue: CataloguePlace | None
    by_hand: list[ByHand]


def tell(plan: Plan, found: Found, base: Path) -> None:
    """Fill `plan` with items, settings and notes."""
    rewriting = found.rewriting
    for function in rewriting.functions.by_key.values():
        plan.items += _function(rewriting, function, found.catalogue)
    for maker in rewriting.functions.makers.values():
        moves = maker.why is None
        plan.items.append(
            Item(
                maker.module.shown,
                maker.module.line(maker.node),
                Kind.MAKER,
                f"`{maker.key.rpartition('.')[2]}`",
                Action.REWRITE if moves else Action.REFUSE,
                "a maker of definitions" if moves else None,
                maker.why,
            )
        )
    _serves(plan, found)
    for send in rewriting.uses.sends:
        code = send.module.code(send.call.func)
        method = code.rpartition(".")[2]
        action = Action.REWRITE if send.why is None else Action.REFUSE
        becomes = f"`current_client().{method}`" if send.why is None else None
        line = send.module.line(send.call)
        plan.items.append(
            Item(send.module.shown, line, Kind.SEND, f"`{code}`", action, becomes, send.why)
        )
    _clients(plan, rewriting)
    _middleware_that_never_ran(plan, rewriting)
    for stray in found.strays:
        line = stray.module.line(stray.node)
        kind = Kind(stray.kind)
        plan.items.append(
            Item(stray.module.shown, line, kind, stray.what, Action.REFUSE, None, stray.why)
        )
    plan.items += [
        Item(one.file, one.line, Kind.NAME, one.what, Action.BY_HAND, None, one.why)
        for one in found.by_hand
    ]
    plan.items.sort(key=lambda item: (item.file, item.line, item.kind.value))
    _settings(plan, found)
    if found.catalogue is not None:
        path = found.catalogue.path
        resolved = base.resolve()
        shown = path.relative_to(resolved) if path.is_relative_to(resolved) else path
        plan.catalog = f"{found.catalogue.module}:{found.catalogue.attribute}"
        plan.notes.insert(
            0,
            f"The catalogue is `{plan.catalog}` ({shown}): {len(found.catalogue.entries)} "
            f"entries. Set MAINSTEM_CATALOG={plan.catalog} for Mainstem's own commands.",
        )


def _function(
    rewriting: Rewriting, function: Function, catalogue: CataloguePlace | None
) -> list[Item]:
    listed = {(e.module, e.name) for e in catalogue.entries} if catalogue is not None else set()
    is_listed = (function.module.name, function.entry) in listed
    is_listed = is_listed or rewriting.adoptions.of(function) is not None
    becomes: str | None
    if function.why is None:
        wraps = rewriting.verdicts.wraps.get(function.key)
        names = [one.rpartition(".")[2] for one in wraps.names] if wraps is not None else []
        becomes = "a definition" + (f" with middleware {', '.join(names)}" if names else "")
        if not is_listed and rewriting.serves:
            becomes += ", in no catalogue, since no serve call lists it"
        action = Action.REWRITE
    elif is_listed:
        action, becomes = Action.ADOPT, "adopted by the catalogue"
    else:
        action, becomes = Action.REFUSE, None
    module, name = function.module, function.key.rpartition(".")[2]
    return [
        Item(
            module.shown,
            module.line(node),
            Kind.FUNCTION,
            f"'{fn_id}'" if fn_id is not None else name,
            action,
            becomes,
            function.why,
        )
        for node, fn_id in zip(function.nodes, function.ids, strict=True)
    ]


def _serves(plan: Plan, found: Found) -> None:
    done = dict(found.catalogue.serves) if found.catalogue is not None else {}
    paths = []
    for serve in found.rewriting.serves:
        what = f"{serve.adapter} serve call" if serve.adapter != "connect" else "Connect worker"
        line, options = serve.module.line(serve.call), serve.options
        becomes = done.get(serve)
        if serve.why is not None:
            action, reason = Action.REFUSE, serve.why
        elif becomes is None:
            action, reason = Action.REMOVE, "one call serves the whole catalogue"
        else:
            action, reason = Action.REWRITE, None
        shown = f"`{becomes}`" if becomes is not None else None
        plan.items.append(Item(serve.module.shown, line, Kind.SERVE, what, action, shown, reason))
        if serve.why is None and serve.adapter == "connect" and "shutdown_signals" not in options:
            plan.notes.append(
                f"The worker at {serve.place} leaves SIGTERM and SIGINT to the process, where the "
                "SDK's connection ended by them: close it there, `await worker.close()`."
            )
        if serve.why is None and becomes is None:
            paths.append(f"{old_path(serve)} ({serve.place})")
    if paths:
        plan.notes.append(
            f"No longer served: {', '.join(paths)}. The server knows these addresses as apps of "
            "their own: sync the one that is left, then archive them."
        )


def _middleware_that_never_ran(plan: Plan, rewriting: Rewriting) -> None:
    """A function is wrapped by the client that serves it, whichever client it was made with."""
    for function in rewriting.functions.by_key.values():
        wraps = rewriting.verdicts.wraps.get(function.key)
        own = wraps_of(rewriting.project, function.client)
        if wraps is None or wraps.client is function.client or not (own.names or own.why):
            continue
        missing = [one.rpartition(".")[2] for one in own.names if one not in wraps.names]
        if missing or own.why is not None:
            told = ", ".join(missing) or f"the middleware of `{function.client.key}`"
            plan.notes.append(
                f"{function.shown} at {function.place} is made with `{function.client.key}` and "
                f"served by `{wraps.client.key}`: {told} never wrapped its runs, and does not now."
            )


def _clients(plan: Plan, rewriting: Rewriting) -> None:
    for client in rewriting.clients.values():
        why = rewriting.reasons.get(client.key)
        told = f"`{client.key.rpartition('.')[2]}`"
        if client.app_id is not None:
            told += f" (app '{client.app_id}')"
        for call in client.calls:
            plan.items.append(
                Item(
                    client.module.shown,
                    client.module.line(call),
                    Kind.CLIENT,
                    told,
                    Action.REMOVE if why is None else Action.REFUSE,
                    None,
                    "nothing needs it any more" if why is None else why,
                )
            )


def _settings(plan: Plan, found: Found) -> None:
    rewriting = found.rewriting
    gone = [c for c in rewriting.clients.values() if c in rewriting.removed or _gave(found, c)]
    ids = list(dict.fromkeys(client.app_id for client in gone))
    apps = list(dict.fromkeys(_app_told(client) for client in gone))
    if len(apps) == 1 and ids[0] is not None:
        plan.settings.append(f"MAINSTEM_APP_ID={ids[0]}")
    elif len(apps) == 1:
        plan.settings.append(f"MAINSTEM_APP_ID: the value of {apps[0]}, which reading cannot tell")
    elif apps:
        told = ", ".join(apps)
        plan.settings.append(f"MAINSTEM_APP_ID: one of {told}")
        plan.notes.append(
            f"The app ids {told} become one, the settings' MAINSTEM_APP_ID. To the server, the "
            "functions of the others are new ones of that app: their runs under the old app end "
            "only while the old deployment still answers, and `previous_ids` do not reach across "
            "apps. Let them finish, then archive the old apps."
        )
    _tell_of_shared_apps(plan, found, ids)
    for client in gone:
        for name, value in client.options.items():
            code = client.module.code(value)
            if name in _VARIABLES and code != "None":
                shown = "…" if name in _HIDDEN else code
                variable = _VARIABLES[name]
                plan.settings.append(f"{variable}: `{client.key}` had {name}={shown}")
        _not_carried(plan, client)
    for serve in rewriting.serves:
        for variable, told in settings_said(rewriting.project, serve) if serve.why is None else ():
            plan.settings.append(f"{variable}: the call at {serve.place} had {told}")


def _app_told(client: Client) -> str:
    """Its app id, or whose it is where reading cannot tell it."""
    if client.app_id is not None:
        return f"'{client.app_id}'"
    value = client.options.get("app_id")
    return f"`{client.module.code(value) if value is not None else '…'}` (of `{client.key}`)"


def _tell_of_shared_apps(plan: Plan, found: Found, ids: list[str | None]) -> None:
    for serve in found.rewriting.serves:
        shared = [c.app_id for c in serve.clients if c.app_id is not None and c.app_id in ids]
        if serve.why is not None and shared:
            plan.notes.append(
                f"The call at {serve.place} still serves app '{shared[0]}'. If MAINSTEM_APP_ID "
                "says the same, the server keeps the functions of whichever was synced last: give "
                "one of the two another app id."
            )


def _gave(found: Found, client: Client) -> bool:
    """Whether something that was this client's is the one client's now."""
    rewriting = found.rewriting
    listed = {(e.module, e.name) for e in found.catalogue.entries} if found.catalogue else set()
    return any(
        one.client is client
        and (
            one.why is None
            or (one.module.name, one.entry) in listed
            or rewriting.adoptions.of(one) is not None
        )
        for one in rewriting.functions.by_key.values()
    ) or any(send.client is client and send.why is None for send in rewriting.uses.sends)


def _not_carried(plan: Plan, client: Client) -> None:
    for name, told in (
        ("logger", "what the SDK and `ctx.logger` log goes to the logger 'mainstem.inngest'"),
        ("request_timeout", "the one client waits for 30 seconds when it sends"),
    ):
        value = client.options.get(name)
        if value is not None and client.module.code(value) != "None":
            plan.notes.append(
                f"`{client.key}` had {name}={client.module.code(value)}, which settings do not "
                f"carry: {told}."
            )
