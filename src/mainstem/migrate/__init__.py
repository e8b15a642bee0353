"""Moving code that binds functions while it is imported to definitions and one catalogue.

`plan_migration` reads source, never runs it, and says what each function, client, serve call and
send becomes, or why it is left alone. `write` puts the plan into the files. The rule above all:
rewritten rightly or refused with a reason. Reading and rewriting need libcst, which is loaded at
the first plan and not before; what the rewritten code calls lives in `catalog`, `clients` and
`serving`.
"""

from mainstem.migrate.door import plan_migration, write
from mainstem.migrate.plan import Action, Item, Kind, Plan, Unreadable
from mainstem.migrate.troubles import LibcstMissing, MigrateError

__all__ = [
    "Action",
    "Item",
    "Kind",
    "LibcstMissing",
    "MigrateError",
    "Plan",
    "Unreadable",
    "plan_migration",
    "write",
]
