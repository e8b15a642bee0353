"""The `.env` file of a developer's machine: its values, and what in it cannot count.

Lines are told by number, never by content: a broken one may hold a key.
"""

from collections.abc import Mapping
from pathlib import Path

from mainstem.errors import Problem
from mainstem.settings.detection import detect
from mainstem.settings.environment import Environment
from mainstem.settings.judging import Reading
from mainstem.settings.misplaced import take_out

_SET_OUTSIDE = "Set it in the process's own environment, or take it out of the file."


def read_env_file(path: Path, reading: Reading) -> Mapping[str, str]:
    """The values in `path`, none where it is absent; problems and remarks go to `reading`."""
    if not path.is_file():
        return {}
    try:
        values = _values(path, reading)
    except (OSError, UnicodeDecodeError) as error:
        reading.problems.append(
            Problem(
                path.name,
                f"it cannot be read ({type(error).__name__})",
                "Make it a readable UTF-8 file, or remove it.",
            )
        )
        return {}
    values, misplaced = take_out(values)
    reading.problems += misplaced
    _judge_environment(path.name, values, reading)
    return values


def _values(path: Path, reading: Reading) -> dict[str, str]:
    # Imported here: only a developer's machine has such a file.
    from dotenv.parser import parse_stream

    values = {}
    with path.open(encoding="utf-8") as file:
        for binding in parse_stream(file):
            # A binding begins with the blank lines before it.
            text = binding.original.string
            line = binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
            if binding.error:
                wrong = "cannot be read (a quote that is not closed, perhaps)"
            elif binding.key is not None and binding.value is None:
                wrong = "has no equals sign"
            else:
                if binding.key is not None and binding.value is not None:
                    values[binding.key] = binding.value
                continue
            reading.remarks.append(f"{path.name}, line {line}: it {wrong}, so it is left out.")
    return values


def _judge_environment(name: str, values: Mapping[str, str], reading: Reading) -> None:
    """The file is read in local only, so it may not say that this is another environment."""
    detected, problem = detect(values)
    variable = detected.decided_by.partition("=")[0]
    if problem is not None:
        reading.problems.append(problem)
    elif detected.environment is Environment.TEST:
        reading.remarks.append(
            f"{name} says test ({variable}), and this is local: the environment is not taken from "
            f"such a file. {_SET_OUTSIDE}"
        )
    elif detected.environment is not Environment.LOCAL:
        reading.problems.append(
            Problem(
                variable,
                f"{name} says {detected.environment}, but such a file counts only in local",
                _SET_OUTSIDE,
            )
        )
