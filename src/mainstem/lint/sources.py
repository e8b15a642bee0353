"""Where values come from that are others on replay: clocks, dice, the environment, requests."""

import ast

from mainstem.lint.body import Body
from mainstem.lint.tree import NamedFunction, walk_shallow

_EXACT = {
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
    "datetime.date.today", "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns",
    "time.perf_counter", "time.perf_counter_ns", "time.localtime", "time.gmtime", "uuid.uuid1",
    "uuid.uuid4", "uuid.uuid6", "uuid.uuid7", "os.urandom", "os.getpid", "socket.gethostname",
    "os.listdir", "urllib.request.urlopen",
}  # fmt: skip
_ENVIRONMENT = {"os.environ", "os.getenv", "os.environ.get"}
_ROOMS = ("random.", "secrets.")
_SEEDED = {"random.Random", "random.seed"}
_OUTSIDE = ("httpx.", "requests.", "sqlite3.connect", "psycopg.connect", "asyncpg.", "redis.")
_VERBS = {"get", "post", "put", "patch", "delete", "head", "options", "request"}
_NO_REQUEST = {"Timeout", "Limits", "URL", "Headers", "QueryParams"}


def source_told(node: ast.AST, body: Body) -> str | None:
    """What a source is called, if the node is one."""
    if isinstance(node, ast.Subscript | ast.Attribute):
        owner = node.value if isinstance(node, ast.Subscript) else node
        return "os.environ" if body.qualified(owner) == "os.environ" else None
    if not isinstance(node, ast.Call):
        return None
    name = body.qualified(node.func)
    if name:
        return _imported_source(name, node)
    func = node.func
    if isinstance(func, ast.Name):
        return "open" if func.id == "open" and _is_builtin(func.id, body) else None
    if isinstance(func, ast.Attribute) and func.attr in {"now", "today"} and _is_clock(func.value):
        return ast.unparse(func)
    return None


def _imported_source(name: str, node: ast.Call) -> str | None:
    if name in _EXACT or name in _ENVIRONMENT:
        return name
    if name == "secrets.compare_digest":
        return None
    if name in _SEEDED:
        return None if node.args or node.keywords else name
    if name.startswith(_ROOMS):
        return name
    if name.startswith(_OUTSIDE) and name.rpartition(".")[2] not in _NO_REQUEST:
        last = name.rpartition(".")[2]
        return None if last.endswith(("Error", "Exception")) else name
    return None


def is_request(told: str) -> bool:
    """Whether a source is a request that leaves the process."""
    room, _, verb = told.rpartition(".")
    return told == "urllib.request.urlopen" or (room in {"httpx", "requests"} and verb in _VERBS)


def returned_source(function: NamedFunction, body: Body) -> str | None:
    """What a function of this module returns of that kind, seen at once: one level deep."""
    assigned: dict[str, str] = {}
    for node in walk_shallow(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            told = source_told(node.value, body)
            if told is not None:
                assigned[node.targets[0].id] = told
        elif isinstance(node, ast.Return) and node.value is not None:
            for one in walk_shallow(node.value):
                if isinstance(one, ast.Name) and one.id in assigned:
                    return assigned[one.id]
                if (told := source_told(one, body)) is not None:
                    return told
    return None


def _is_builtin(name: str, body: Body) -> bool:
    module = body.module
    known = (body.bound, module.imports, module.functions, module.values)
    return not any(name in names for names in known)


def _is_clock(node: ast.AST) -> bool:
    """`clock.now()` and `services.clock.now()`: a clock that is handed in is a clock still."""
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return str(name).lstrip("_") == "clock"


def is_environment(told: str) -> bool:
    return "os.environ" in told or "os.getenv" in told
