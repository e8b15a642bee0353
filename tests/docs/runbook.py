"""Documents that are run: their files are written and their commands typed, as a reader would.

In a Markdown document:

- a fenced block whose first line is a comment that ends in a path (`# shop/receipts.py`, or
  `// file` for JSON) is written to that path, in a folder of its own;
- a `console` block is a session: a line `$ command` is run by bash there, and the lines below it
  must be found in what it prints, in order. A `…` stands for anything, within a line or as a line
  of its own. A command that ends in `&` goes on until the end; its lines are waited for. `$ ^C`
  stops the last of those as Ctrl-C would;
- a line `<!-- run: off -->` leaves the next block out, `<!-- run: exit 1 -->` expects an exit code.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(
    r"(?:<!-- run: (?P<run>[^>]+?) -->\n+)?^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_NAMED = re.compile(r"(?:#|//|<!--) (?P<path>[\w./-]+\.\w+)(?: -->)?$")
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, the line it begins on, and how to run it."""

    language: str
    text: str
    line: int
    run: str = ""

    @property
    def path(self) -> str | None:
        """The file that the block is, if its first line names one."""
        named = _NAMED.match(self.text.partition("\n")[0])
        return named["path"] if named else None


def blocks_of(document: Path) -> Iterator[Block]:
    """The fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start("language")) + 1
        yield Block(found["language"], found["text"], line, found["run"] or "")


@dataclass
class Session:
    """A folder in which a document's blocks are run, with the environment of a reader."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    _running: list[tuple[subprocess.Popen[str], Path]] = field(default_factory=list)

    def run(self, block: Block) -> None:
        """Write or run one block. Raises `AssertionError`, naming the line, when it differs."""
        if block.run == "off":
            return
        if block.path is not None:
            file = self.folder / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")
        elif block.language == "console":
            for command, expected in _commands(block.text):
                self._type(command, expected, block)

    def close(self) -> None:
        """Stop what still runs."""
        while self._running:
            self._stop()

    def _type(self, command: str, expected: list[str], block: Block) -> None:
        if command == "^C":
            self._stop()
            return
        environ = {**_reader(), "TMPDIR": str(self.folder), **self.environ}
        if command.endswith("&"):
            self._start(command.removesuffix("&"), expected, environ, block)
            return
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
        wanted = int(block.run.removeprefix("exit ")) if block.run.startswith("exit ") else 0
        where = f"line {block.line}: $ {command}\n{done.stdout}"
        assert done.returncode == wanted, f"exit code {done.returncode}, {where}"
        missing = first_missing(expected, done.stdout)
        assert missing is None, f"not found: {missing!r}, {where}"

    def _start(
        self, command: str, expected: list[str], environ: dict[str, str], block: Block
    ) -> None:
        variables, program = _started(command.strip())
        log = self.folder / f".session-{len(self._running)}-{block.line}.log"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                ["bash", "-c", f"{variables}exec {program}"],
                cwd=self.folder,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self._running.append((process, log))
        deadline = time.monotonic() + _PATIENCE_S
        while (missing := first_missing(expected, log.read_text())) is not None:
            told = f"line {block.line}: $ {command}\n{log.read_text()}"
            assert process.poll() is None, f"it ended with {process.returncode}, {told}"
            assert time.monotonic() < deadline, f"not found: {missing!r}, {told}"
            time.sleep(0.05)

    def _stop(self) -> None:
        process, _ = self._running.pop()
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def first_missing(expected: list[str], printed: str) -> str | None:
    """The first of the expected lines that is not found, in order, in what was printed."""
    lines = iter([line.rstrip() for line in printed.splitlines()])
    for wanted in expected:
        if wanted.strip() == "…":
            continue
        parts = re.split("…", wanted.strip())
        pattern = re.compile(r"\s*" + ".*".join(map(_loosely, parts)) + r"\s*")
        if not any(pattern.fullmatch(line) for line in lines):
            return wanted
    return None


def _loosely(text: str) -> str:
    """A pattern for `text` in which runs of blanks count as one."""
    return r"\s+".join(map(re.escape, re.split(r"\s+", text)))


def _started(command: str) -> tuple[str, str]:
    """The variables that are set before a command, and the command: what `exec` stands between."""
    variables = re.match(r"(?:[A-Z_]+=\S* +)*", command)
    end = variables.end() if variables else 0
    return command[:end], command[end:]


def _commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a session with the lines that each is to print."""
    command, expected = "", list[str]()
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, expected
            command, expected = line.removeprefix("$ ").strip(), []
        elif line.strip():
            expected.append(line)
    if command:
        yield command, expected


def _reader() -> dict[str, str]:
    """The environment of somebody with a fresh terminal: nothing of a test's, the tools on PATH."""
    kept = {"HOME", "LANG", "PATH", "TERM", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"}
    environ = {name: value for name, value in os.environ.items() if name in kept}
    here = Path(sys.executable).parent
    environ["PATH"] = f"{here}{os.pathsep}{environ.get('PATH', '')}"
    environ["COLUMNS"] = "120"
    environ["NO_COLOR"] = "1"
    return environ
