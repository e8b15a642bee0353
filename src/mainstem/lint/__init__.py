"""Guard rails for functions, found by reading their source: nothing of it is imported or run.

`lint_paths` reads files and folders, `lint_source` one text; `RULES` says what is looked for.
`sent_events` tells which events each function sends. The room knows the shape of definitions and
of the SDK's functions, and leaves printing and exit codes to the command line.
"""

from mainstem.lint.findings import Finding, NothingToLint, Severity
from mainstem.lint.linting import lint_paths, lint_source
from mainstem.lint.rules import RULES, Rule
from mainstem.lint.sending import SentEvents, sent_events

__all__ = [
    "RULES",
    "Finding",
    "NothingToLint",
    "Rule",
    "SentEvents",
    "Severity",
    "lint_paths",
    "lint_source",
    "sent_events",
]
