"""Importing any module of Mainstem reads no environment, opens no file of ours and no socket."""

import subprocess
import sys
import textwrap

_GUARD = textwrap.dedent(
    """
    import builtins, importlib, os, pkgutil, socket, sqlite3, sys

    # What outside libraries do while they are imported is theirs (they read their own metadata),
    # so the guard looks at who asks: only a frame of ours counts.
    def ours():
        # The asker, or the one for whom `environ.get` or `Path.read_text` asks.
        names = [sys._getframe(depth).f_globals.get("__name__", "") for depth in (2, 3)]
        return any(name.partition(".")[0] == "mainstem" for name in names)

    def guarded(what, real):
        def call(*args, **kwargs):
            if ours():
                raise AssertionError(f"{what} at import: {args!r}")
            return real(*args, **kwargs)
        return call

    builtins.open = guarded("open", open)
    os.getenv = guarded("os.getenv", os.getenv)
    sqlite3.connect = guarded("sqlite3.connect", sqlite3.connect)

    def no_connection(*args, **kwargs):
        raise AssertionError("a connection at import")

    socket.socket.connect = no_connection
    socket.socket.bind = no_connection

    class Environ(type(os.environ)):
        def __getitem__(self, key):
            if ours():
                raise AssertionError(f"os.environ[{key!r}] at import")
            return super().__getitem__(key)

    os.environ.__class__ = Environ

    import inngest
    made = []
    real_init = inngest.Inngest.__init__
    inngest.Inngest.__init__ = lambda self, **k: made.append(k) or real_init(self, **k)

    import mainstem
    count = 0
    for found in pkgutil.walk_packages(mainstem.__path__, "mainstem."):
        if found.name.endswith("__main__") or ".migrations" in found.name:
            continue
        importlib.import_module(found.name)
        count += 1
    assert not made, "a client at import"
    print(count)
    """
)


def test_importing_every_module_has_no_side_effect_and_needs_no_variable() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _GUARD],
        env={},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20
