"""What is wrong with a definition, of either style, told at once while its module is imported."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Protocol

from mainstem.catalog.config import ENVIRONMENTS, Config, Override, faults
from mainstem.errors import DefinitionError


class Checked(Protocol):
    """As much of a definition as is looked at here."""

    @property
    def id(self) -> str:
        """The function's id."""
        ...

    @property
    def place(self) -> str:
        """Module and line of its handler."""
        ...

    @property
    def config(self) -> Config:
        """How it is limited."""
        ...

    @property
    def environments(self) -> Mapping[str, Override]:
        """What differs where."""
        ...

    def for_environment(self, environment: str) -> "Checked":
        """The definition as an environment has it."""
        ...


def check_definition(definition: Checked, own: Iterable[str]) -> None:
    """Raise `DefinitionError` with everything that is wrong: its `own` faults first, then what the
    server would refuse of its configuration, anywhere."""
    wrong = [*own, *faults(definition.config)]
    for environment, override in definition.environments.items():
        wrong += _faults_in(definition, environment, override, known=frozenset(wrong))
    if wrong:
        raise DefinitionError(
            f"Cannot define function '{definition.id}' at {definition.place}: {'; '.join(wrong)}.",
            function_id=definition.id,
            place=definition.place,
        )


def _faults_in(
    definition: Checked, environment: str, override: object, *, known: frozenset[str]
) -> list[str]:
    """What is wrong in one environment and not everywhere."""
    if environment not in ENVIRONMENTS:
        near = difflib.get_close_matches(environment, ENVIRONMENTS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(ENVIRONMENTS)}"
        return [f"environments names '{environment}' ({hint})"]
    if not isinstance(override, Override):
        told = type(override).__name__
        return [f"environments['{environment}'] is a {told}; expected Override(…)"]
    try:
        there = definition.for_environment(environment)
    except DefinitionError as error:
        return [f"in environment '{environment}': {error}"]
    return [
        f"in environment '{environment}': {fault}"
        for fault in faults(there.config)
        if fault not in known
    ]
