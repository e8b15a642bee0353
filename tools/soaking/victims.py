"""The two processes that are killed: started, asked whether they are there, killed with -9."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from soaking.forks import Fork

TOOLS = Path(__file__).parent.parent
_PATIENCE_SECONDS = 60.0


class DiedByItself(Exception):  # noqa: N818  reads as what happened
    """A process ended though nobody killed it."""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass
class Victim:
    """A process that is started anew after each kill. `health` answers once it is there."""

    name: str
    command: list[str]
    health: str
    log: Path
    is_forked: bool = False
    _process: subprocess.Popen[bytes] | Fork | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it; it may take a while until it is there."""
        self._process = Fork(self.command, self.log) if self.is_forked else self._popen()

    def _popen(self) -> subprocess.Popen[bytes]:
        # Coverage of a process that is killed is never written: do not let it start measuring.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
        paths = [str(TOOLS), *filter(None, [environment.get("PYTHONPATH")])]
        environment |= {"PYTHONPATH": os.pathsep.join(paths)}
        with self.log.open("ab") as output:
            return subprocess.Popen(self.command, env=environment, stdout=output, stderr=output)

    def kill(self) -> None:
        """Kill it with -9. Raises `DiedByItself` when it was dead already."""
        process = self._alive()
        process.send_signal(signal.SIGKILL)
        process.wait()

    async def wait_until_there(self, client: httpx.AsyncClient) -> None:
        """Return when it answers. Raises `DiedByItself`, or `TimeoutError`."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._alive()
            try:
                await client.get(self.health, timeout=2)
            except httpx.HTTPError:
                await asyncio.sleep(0.02)
            else:
                return
        raise TimeoutError(f"the {self.name} does not answer; see {self.log}")

    def end(self) -> int | None:
        """Ask it to stop, as a system does; its exit code."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            code = self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._process = None
        return code

    def memory(self) -> int:
        """Its memory in bytes, 0 where the system does not tell."""
        if self._process is None:
            return 0
        try:
            status = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii")
        except OSError:
            return 0
        return int(status.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def _alive(self) -> subprocess.Popen[bytes] | Fork:
        process = self._process
        if process is None or process.poll() is not None:
            code = None if process is None else process.returncode
            raise DiedByItself(
                f"the {self.name} ended by itself (exit code {code}); see {self.log}"
            )
        return process


def engine_victim(
    folder: Path, *, port: int, app_port: int, retry_interval: float, is_forked: bool
) -> Victim:
    """The engine as anybody starts it, on a file in `folder`."""
    command = [
        *(sys.executable, "-m", "mainstem", "engine", "--path", str(folder / "engine.db")),
        *("--port", str(port), "-u", f"http://127.0.0.1:{app_port}/api/inngest"),
        *("--no-discovery", "--no-poll", "--log-level", "error"),
        *("--retry-interval", str(retry_interval)),
    ]
    url = f"http://127.0.0.1:{port}/health"
    return Victim("engine", command, url, folder / "engine.log", is_forked)


def app_victim(folder: Path, *, port: int, engine_port: int, is_forked: bool) -> Victim:
    """The app."""
    engine = f"http://127.0.0.1:{engine_port}"
    command = [sys.executable, "-m", "soaking.app", str(port), engine, str(folder / "ledger")]
    url = f"http://127.0.0.1:{port}/api/inngest"
    return Victim("app", command, url, folder / "app.log", is_forked)
