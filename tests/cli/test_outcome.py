"""How errors end a command."""

import subprocess
import sys

import pytest

from mainstem.cli.outcome import (
    CommandFailed,
    ExitCode,
    Interrupted,
    UsageProblem,
    code_of,
    exiting,
    told,
)
from mainstem.engine import EngineBusy
from mainstem.errors import MainstemError, Problem, SettingsError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SettingsError([Problem("A", "it is wrong", "Mend it.")]), ExitCode.USAGE),
        (UsageProblem("what?"), ExitCode.USAGE),
        (CommandFailed("no"), ExitCode.FAILED),
        (MainstemError("no"), ExitCode.FAILED),
        (EngineBusy("engine.db"), ExitCode.FAILED),
        (Interrupted("stopped"), ExitCode.INTERRUPTED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_every_error_has_its_exit_code(error: BaseException, code: ExitCode) -> None:
    with pytest.raises(SystemExit) as ended, exiting():
        raise error
    assert ended.value.code == code == code_of(error)


def test_an_error_is_one_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), exiting():
        raise CommandFailed("Cannot do it:\n  the reason.\nDo that.")
    captured = capsys.readouterr()
    assert captured.err == "mainstem: Cannot do it: the reason. Do that.\n"
    assert captured.out == ""


def test_settings_errors_keep_a_line_for_every_problem() -> None:
    error = SettingsError([Problem("A", "wrong", "Mend."), Problem("B", "bad", "Set.")])
    lines = (told(error) or "").splitlines()
    assert [line.strip() for line in lines[1:]] == ["- A: wrong. Mend.", "- B: bad. Set."]


def test_an_error_we_do_not_know_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), exiting():
        _ = 1 / 0


def test_the_end_of_a_good_command_is_not_touched() -> None:
    with exiting():
        pass


def test_a_reader_who_leaves_early_gets_no_traceback() -> None:
    code = "from mainstem.cli.outcome import exiting\nwith exiting(): raise BrokenPipeError"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "")
