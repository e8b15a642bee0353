"""The settings: which environment this is, what it needs, and everything that is wrong, at once.

`load_settings` is the only reader of the process's environment in Mainstem; it is called once, at
the edge, and its frozen result is passed down. What the settings are used for is other rooms'
business.
"""

from mainstem.settings.environment import SIGNALS, Detected, Environment, Signal, detect
from mainstem.settings.model import Settings, SyncLimits, without_password
from mainstem.settings.reading import VARIABLES, load_settings

__all__ = [
    "SIGNALS",
    "VARIABLES",
    "Detected",
    "Environment",
    "Settings",
    "Signal",
    "SyncLimits",
    "detect",
    "load_settings",
    "without_password",
]
