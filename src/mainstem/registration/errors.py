"""What this room raises."""

from mainstem.errors import MainstemError


class RegistrationError(MainstemError):
    """A registration could not be read, made or compared. Root of this room's errors."""


class BadManifest(RegistrationError):  # noqa: N818  it says what happened
    """A manifest's file is not there, is no JSON, or is not in a form that we know."""
