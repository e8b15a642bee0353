"""The options of the SDK's serve calls: kept, now a setting, or nothing that Mainstem has."""

from collections.abc import Iterator

from mainstem.migrate.finds import Serve
from mainstem.migrate.modules import Project
from mainstem.migrate.static import UNKNOWN, static_value

_KEPT = frozenset({"serve_path", "instance_id"})
_SETTINGS = {
    "serve_origin": "MAINSTEM_SERVE_ORIGIN",
    "streaming": "MAINSTEM_STREAMING",
    "enable_unauthed_sync": "MAINSTEM_UNAUTHED_SYNC",
    "max_worker_concurrency": "MAINSTEM_CONNECT_MAX_CONCURRENCY",
}
_STREAMING = "inngest.Streaming."


def options_trouble(project: Project, serve: Serve) -> str | None:
    """Why Mainstem's adapter cannot serve as the options of `serve` say, or None."""
    for name, value in serve.options.items():
        code = serve.module.code(value)
        if code == "None" or name in _KEPT or (name, code) == ("shutdown_signals", "[]"):
            continue
        if name not in _SETTINGS:
            return f"Mainstem's adapter has no option `{name}`"
        if _said(project, serve, name) is None:
            return f"`{name}` is a setting now, and `{code}` cannot be told by reading"
    return None


def settings_said(project: Project, serve: Serve) -> Iterator[tuple[str, str]]:
    """What the options of `serve` said that settings say from now on: a variable, and the value."""
    for name, variable in _SETTINGS.items():
        said = _said(project, serve, name)
        if said is not None:
            yield (variable if name == "serve_origin" else f"{variable}={said}"), _code(serve, name)


def differing(project: Project, first: Serve, other: Serve) -> str | None:
    """The option that is one setting and differs between two calls, or None."""
    return next(
        (name for name in _SETTINGS
         if _said(project, first, name) != _said(project, other, name)), None
    )  # fmt: skip


def _code(serve: Serve, name: str) -> str:
    code = serve.module.code(serve.options[name])
    return code if name == "serve_origin" else f"{name}={code}"


def _said(project: Project, serve: Serve, name: str) -> str | None:
    """The text that a setting would have, or None when there is none to tell."""
    value = serve.options.get(name)
    if value is None or serve.module.code(value) == "None":
        return None
    if name == "serve_origin":
        return serve.module.code(value)
    if name == "streaming":
        resolved = project.resolve(serve.module, value) or ""
        word = resolved.removeprefix(_STREAMING).lower()
        return word if resolved.startswith(_STREAMING) and word in {"force", "disable"} else None
    found = static_value(project, serve.module, value)
    if found is UNKNOWN:
        return None
    if name == "enable_unauthed_sync":
        return "on" if found else "off"
    return str(found)
