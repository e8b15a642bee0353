"""What is captured in a run of the bench: the recording, and generated repositories by shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from served_github import Served

RECORDING = Path(__file__).parents[3] / "shared/data/github/secp256k1"
NARROW = 40
"""The widest page that a server with the compute limits of the reference answers."""

LATENCY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Content:
    """A repository to capture, by its name in tables."""

    name: str
    served: Served

    def narrow(self) -> Served:
        """The same from a server that refuses wide pages."""
        return replace(self.served, widest=NARROW)

    def distant(self) -> Served:
        """The same from a server that is 50 ms away."""
        return replace(self.served, latency_seconds=LATENCY_SECONDS)


SHAPES = {
    "few huge threads": Served(pulls=300, shape="huge-threads"),
    "many tiny": Served(pulls=2_000, shape="tiny"),
    "thousands of issues": Served(pulls=150, shape="issues"),
    "burst": Served(pulls=1_000, shape="burst"),
}


def recording(path: Path) -> Content | None:
    """The recorded repository, if it is there."""
    return Content("the recording", Served(recording=str(path))) if path.exists() else None


def generated(pulls: int) -> Content:
    """A lifelike repository of that many pull requests."""
    return Content(f"{pulls:,} generated", Served(pulls=pulls))


def shaped() -> list[Content]:
    """Repositories that are unlike the usual ones."""
    return [Content(name, served) for name, served in SHAPES.items()]
