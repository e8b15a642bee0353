"""`--part` as people type it: what is none, or names nothing of the catalogue, is wrong usage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mainstem.catalog import Catalog
    from mainstem.registration import Finding, Part


def part_typed(text: str) -> Part:
    """The part that `--part` names. Raises `UsageProblem`."""
    from mainstem.cli.outcome import UsageProblem
    from mainstem.registration import BadPart, part_in, read_part

    if not text.startswith("@"):
        try:
            return read_part(text)
        except BadPart as bad:
            raise UsageProblem(str(bad)) from bad
    from dotenv import dotenv_values

    file = Path(text.removeprefix("@"))
    if not file.is_file():
        raise UsageProblem(f"Cannot read the part '{text}': there is no file {file}.")
    return part_in(dotenv_values(file, interpolate=False))


def parts_checked(catalog: Catalog[Any], parts: list[Part]) -> list[Finding]:
    """What is wrong with `parts` together; nothing where none is given. Raises `UsageProblem`."""
    from mainstem.cli.outcome import UsageProblem
    from mainstem.registration import BadPart, check_parts

    if not parts:
        return []
    try:
        return list(check_parts(catalog, parts))
    except BadPart as bad:
        raise UsageProblem(str(bad)) from bad
