"""Keeps httpx, which the SDK loads, from loading its own command line.

It does so wherever rich and click are installed, as Mainstem's command line has them installed; in
a process that serves functions and starts cold, that is the largest single part of the start. Only
`httpx.main`, which is nobody's to call from here, is then httpx's stand-in for it.
"""

import sys
from typing import Any, cast

_COMMAND_LINE = "httpx._main"

if "httpx" not in sys.modules:
    modules = cast("dict[str, Any]", sys.modules)
    modules[_COMMAND_LINE] = None  # Python's word for "not to be found"
    try:
        import inngest  # noqa: F401  it loads httpx
    finally:
        del modules[_COMMAND_LINE]
