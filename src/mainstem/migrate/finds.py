"""What the survey finds: clients, functions, makers of functions, serve calls and sends.

These are the working notes of one plan. `why` is None while a thing may be rewritten; once it is
set the thing stays as it is.
"""

from dataclasses import dataclass, field

import libcst as cst

from mainstem.migrate.modules import Chain, Module

ADAPTERS = {
    "inngest.fast_api.serve": "fastapi",
    "inngest.flask.serve": "flask",
    "inngest.tornado.serve": "tornado",
    "inngest.django.serve": "django",
    "inngest.digital_ocean.serve": "digital_ocean",
    "inngest.connect.connect": "connect",
}
"""The SDK's adapters by what is called, and our name for each."""


@dataclass(eq=False)
class Client:
    """A client: every `inngest.Inngest(…)` that is assigned to one name."""

    key: str
    module: Module
    calls: list[cst.Call]
    statements: list[cst.Assign | cst.AnnAssign]
    app_id: str | None
    options: dict[str, cst.BaseExpression]
    blocked: str | None = None
    """Why nothing that it binds can move to the one client."""
    kept: str | None = None
    """Why its own line stays, whatever happens to what it binds."""
    replaced: str | None = None
    """Where a text names it: a test that puts another in its place, and looks at what is sent."""
    changed: str | None = None
    """Where middleware is added to it after it is made."""


@dataclass(eq=False)
class Create:
    """One `client.create_function` in the source, whoever calls it with what.

    `call` is what hands it options; an alias of it is called elsewhere than it is written.
    """

    home: Module
    reference: Chain
    client: Client
    module: Module
    call: cst.Call


@dataclass(eq=False)
class Maker:
    """A function or a name of the project that makes functions: a wrapper, a partial, a factory."""

    key: str
    module: Module
    node: cst.CSTNode
    gives: str
    """`decorator`: calling it gives a decorator. `function`: calling it gives a function."""
    functions: "list[Function]" = field(default_factory=list)
    why: str | None = None


@dataclass(eq=False)
class Function:
    """A function object of the old kind, under the name by which others reach it.

    `entry` is the name below its module that a catalogue can import: `send_receipt`,
    `Jobs.send_receipt`, or `*EXPORTS` for one of a list; None when there is none.
    """

    key: str
    module: Module
    nodes: list[cst.CSTNode]
    entry: str | None
    client: Client
    creates: list[Create]
    makers: list[Maker]
    ids: list[str | None]
    listed_by: list[str] = field(default_factory=list)
    served_by: "list[Serve]" = field(default_factory=list)
    why: str | None = None
    lost: str | None = None
    """Why it cannot even be adopted: the serve call that lists it has to stay."""

    @property
    def place(self) -> str:
        """`file:line` of where it is made."""
        return self.module.place(self.nodes[0])

    @property
    def shown(self) -> str:
        """Its id in quotes, or its name where the id cannot be read."""
        return f"'{self.ids[0]}'" if self.ids[0] is not None else self.key.rpartition(".")[2]


@dataclass(eq=False)
class Serve:
    """A serve call of an SDK adapter, or a Connect worker."""

    module: Module
    call: cst.Call
    adapter: str
    app: cst.BaseExpression | None
    clients: list[Client]
    functions: list[Function]
    options: dict[str, cst.BaseExpression]
    lists: list[str] = field(default_factory=list)
    why: str | None = None
    is_followed: bool = True
    """Whether every function in its list is known."""

    @property
    def place(self) -> str:
        """`file:line` of the call."""
        return self.module.place(self.call)


@dataclass(eq=False)
class Send:
    """`client.send(…)` or `client.send_sync(…)`."""

    module: Module
    call: cst.Call
    receiver: Chain
    client: Client
    why: str | None = None


@dataclass(eq=False)
class Stray:
    """Something that belongs to the SDK but cannot be followed at all."""

    module: Module
    node: cst.CSTNode
    kind: str
    what: str
    why: str


class Unfollowed(Exception):  # noqa: N818  it says what happened
    """An expression whose functions cannot be told by reading."""

    def __init__(self, place: str, why: str) -> None:
        self.place = place
        super().__init__(f"{why} ({place})")
