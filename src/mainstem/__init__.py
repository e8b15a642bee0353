"""Client-free, typed Inngest functions, bound late to the one client of the environment.

The rooms of this package are described in `docs/architecture.md`. Importing it reads no
environment and opens nothing; what a program needs it imports from the room's own door, for
example `from mainstem.catalog import define, event`.
"""

__version__ = "0.1.0"
