"""The folder in which a local engine keeps its file between two starts."""

from __future__ import annotations

from pathlib import Path

from mainstem.cli.outcome import CommandFailed

STATE_FOLDER = Path(".mainstem")


def made(folder: Path) -> Path:
    """`folder`, which exists afterwards. Raises `CommandFailed` where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandFailed(
            f"Cannot make the folder {str(folder)!r} for the engine's state: "
            f"{(error.strerror or str(error)).lower()}. Move away what is there under that name, "
            "or run the command in a folder that can be written."
        ) from error
    return folder
