"""The bench's side of the pretend GitHub: start it, tell it what to do, end it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from repository_sizes import RepositorySizes, load
from served_github import Served

_SCRIPT = Path(__file__).parent / "served_github.py"
_PATIENCE_SECONDS = 30.0


class NotServingError(RuntimeError):
    """The process did not come up; what it said is in the message."""


@dataclass
class GitHubProcess:
    """A pretend GitHub that runs; `url` is its address, `repository` what it holds."""

    child: subprocess.Popen[str]
    url: str
    repository: str

    def log(self) -> dict[str, Any]:
        """What was asked of it since it was reset."""
        found: dict[str, Any] = self._do("log")
        return found

    def reset(self) -> None:
        """Forget the counts."""
        self._do("reset")

    def change(self, count: int, *, seed: int) -> None:
        """Let `count` pull requests get a remark each."""
        self._do("change", count=count, seed=seed)

    def sizes(self) -> RepositorySizes:
        """How large everything in the repository is now."""
        with tempfile.TemporaryDirectory(prefix="mainstem-bench-") as folder:
            path = Path(folder) / "sizes.json"
            self._do("sizes", path=str(path))
            return load(path)

    def _do(self, verb: str, **more: Any) -> Any:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps({"do": verb, **more}) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


@contextmanager
def github_process(served: Served) -> Iterator[GitHubProcess]:
    """A pretend GitHub inside the `with`. Raises `NotServingError` when it does not come up."""
    command = [sys.executable, str(_SCRIPT), json.dumps(asdict(served))]
    with tempfile.TemporaryFile("w+") as errors:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            assert child.stdout is not None
            line = child.stdout.readline()
            if not line:
                child.wait(_PATIENCE_SECONDS)
                errors.seek(0)
                last = errors.read().strip().splitlines()[-1:]
                raise NotServingError(f"the pretend GitHub did not come up: {' '.join(last)}")
            yield GitHubProcess(child, **json.loads(line))
        finally:
            assert child.stdin is not None
            child.stdin.close()
            try:
                child.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
