"""The settings: which environment this is, what it needs, and everything that is wrong, at once.

`load_settings` is the only reader of the process's environment in Mainstem; it is called once, at
the edge, and its frozen result is passed down. `examine_settings` reads the same way and tells how
the result came about. What the settings are used for is other rooms' business.
"""

from mainstem.settings.branches import BRANCH_VARIABLES, Branch
from mainstem.settings.detection import Detected, Lost, detect
from mainstem.settings.environment import Environment
from mainstem.settings.keys import key_hash, short_hash
from mainstem.settings.model import Settings, SyncLimits, shares_of
from mainstem.settings.peers import Peer
from mainstem.settings.policy import POLICIES, Policy, policy_of
from mainstem.settings.reading import Findings, examine_settings, load_settings
from mainstem.settings.secrecy import veiled, veiled_problem, without_password
from mainstem.settings.shares import Share
from mainstem.settings.signals import NOT_READ, SIGNALS, Signal
from mainstem.settings.variables import VARIABLES

__all__ = [
    "BRANCH_VARIABLES",
    "NOT_READ",
    "POLICIES",
    "SIGNALS",
    "VARIABLES",
    "Branch",
    "Detected",
    "Environment",
    "Findings",
    "Lost",
    "Peer",
    "Policy",
    "Settings",
    "Share",
    "Signal",
    "SyncLimits",
    "detect",
    "examine_settings",
    "key_hash",
    "load_settings",
    "policy_of",
    "shares_of",
    "short_hash",
    "veiled",
    "veiled_problem",
    "without_password",
]
