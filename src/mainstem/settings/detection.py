"""Which environment this process is in, which variable decided, and why every other one lost.

`MAINSTEM_ENV` beats all. Otherwise the first row of the table in `signals` that has an answer
decides, and nothing set at all means local.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mainstem.errors import Problem
from mainstem.settings.environment import OVERRIDE, Environment, chosen_environment
from mainstem.settings.signals import NOT_READ, SIGNALS, is_said


@dataclass(frozen=True, slots=True)
class Lost:
    """A signal that was there and did not decide; `environment` is what it would have said."""

    platform: str
    variable: str
    said: str
    environment: Environment | None
    why: str


@dataclass(frozen=True, slots=True)
class Detected:
    """The environment, what decided (a variable, with its value where that counts), what lost.

    `platform` is that of the first row that answered, also where `MAINSTEM_ENV` decided;
    `variable` is the deciding row's own, empty where none decided.
    """

    environment: Environment
    decided_by: str
    platform: str = ""
    variable: str = ""
    lost: tuple[Lost, ...] = ()


def detect(environ: Mapping[str, str]) -> tuple[Detected, Problem | None]:
    """The environment that `environ` shows, and what is wrong with an explicit choice, if any."""
    answers: list[Lost] = []
    silent: list[Lost] = []
    for signal in SIGNALS:
        if not environ.get(signal.variable, "").strip():
            continue
        answer = signal.decide(environ) if is_said(signal, environ) else None
        if answer is None:
            why = "says nothing here" if is_said(signal, environ) else "is switched off"
            silent.append(_silent(signal.platform, signal.variable, why))
        else:
            answers.append(Lost(signal.platform, signal.variable, answer[1], answer[0], ""))
    silent += _alone(environ, {one.variable for one in answers})
    chosen = environ.get(OVERRIDE, "").strip()
    if chosen:
        environment, problem = chosen_environment(chosen)
        lost = (*_beaten(answers, f"{OVERRIDE} decided"), *silent)
        return Detected(environment, OVERRIDE, _platform(answers), OVERRIDE, lost), problem
    if not answers:
        return Detected(Environment.LOCAL, "default", lost=tuple(silent)), None
    first = answers[0]
    lost = (*_beaten(answers[1:], f"a row above decided: {first.said}"), *silent)
    environment = first.environment or Environment.LOCAL
    return Detected(environment, first.said, first.platform, first.variable, lost), None


def _platform(answers: list[Lost]) -> str:
    return answers[0].platform if answers else ""


def _beaten(answers: list[Lost], why: str) -> Iterator[Lost]:
    for one in answers:
        yield Lost(one.platform, one.variable, one.said, one.environment, why)


def _silent(platform: str, variable: str, why: str) -> Lost:
    return Lost(platform, variable, variable, None, why)


def _alone(environ: Mapping[str, str], answered: set[str]) -> Iterator[Lost]:
    """Variables that say nothing without another one, and those that we do not read at all."""
    told = set[str]()
    for signal in SIGNALS:
        for name in signal.also:
            if name in told or not environ.get(name, "").strip():
                continue
            rows = {row.variable for row in SIGNALS if name in row.also}
            if not rows & answered:
                told.add(name)
                yield _silent(signal.platform, name, f"says nothing without {signal.variable}")
    for name in NOT_READ:
        if environ.get(name, "").strip():
            yield _silent("", name, f"is not read; {OVERRIDE} is the one to set")
