"""A process that is measured from outside: its CPU time and its memory, as Linux tells them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 60.0
_MIB = 1024


@dataclass
class MeasuredProcess:
    """A process by its id; `child` when it is ours to end."""

    pid: int
    child: subprocess.Popen[str] | None = None

    @classmethod
    def start(cls, *arguments: str, stderr: int | IO[str] | None = None) -> MeasuredProcess:
        """Run this Python with `arguments`; what it prints can be read from `child.stdout`."""
        child = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        return cls(child.pid, child)

    def cpu_seconds(self) -> float:
        """CPU time used so far, its own and the kernel's for it; to a hundredth of a second."""
        # The name in brackets may hold spaces; the figures after it are fields 3 and on.
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory_mib(self) -> float:
        """Memory it holds now (resident set)."""
        return self._status("VmRSS") / _MIB

    def peak_mib(self) -> float:
        """The most it has held."""
        return self._status("VmHWM") / _MIB

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.child is not None:
            self.child.kill()
            self.child.wait()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        if self.child is None or self.child.poll() is not None:
            return
        self.child.send_signal(signal.SIGINT)
        try:
            self.child.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _status(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        return 0
