"""A pretend GitHub over real HTTP: REST and GraphQL from a recorded or a generated repository.

Tests and the demonstration talk to it as they would to GitHub. It is the other side, so it shares
no code with the client, and does nothing but answer. While it is served its repository can change
(`changes`) and it makes trouble on request (`Faults`); what was asked is in `SimulatedGitHub.log`.
"""

from mainstem.errors import SimulateError
from mainstem.simulate import changes
from mainstem.simulate.app import SimulatedGitHub, create_app
from mainstem.simulate.apps import App, Installation
from mainstem.simulate.compute import Compute
from mainstem.simulate.delivery import Delivery, make_delivery
from mainstem.simulate.faults import Fault, Faults
from mainstem.simulate.generator import generate
from mainstem.simulate.history import deliveries, follow
from mainstem.simulate.options import Allowance, Options
from mainstem.simulate.recording import load_recording
from mainstem.simulate.secondary import Secondary
from mainstem.simulate.serving import serve_forever, simulated_github
from mainstem.simulate.world import Repository, World

__all__ = [
    "Allowance",
    "App",
    "Compute",
    "Delivery",
    "Fault",
    "Faults",
    "Installation",
    "Options",
    "Repository",
    "Secondary",
    "SimulateError",
    "SimulatedGitHub",
    "World",
    "changes",
    "create_app",
    "deliveries",
    "follow",
    "generate",
    "load_recording",
    "make_delivery",
    "serve_forever",
    "simulated_github",
]
