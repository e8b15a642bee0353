"""The npm packages of these tests: installed once, outside the checkout, and used by all of them.

They are the newest of the ranges in `package.json` at the time of the first run. To have newer ones
delete the folder, or change the ranges: the folder is named after the file.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

_HERE = Path(__file__).parent
_OLDEST_NODE = 20
_INSTALL = ("install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts")


class NoPackages(Exception):  # noqa: N818  a reason to skip
    """Node, npm or the packages are not to be had; the text says which and why."""


def packages() -> Path:
    """The folder `node_modules`. Raises `NoPackages`."""
    version = node_version()
    if version < _OLDEST_NODE:
        raise NoPackages(f"node is {version}, {_OLDEST_NODE} or later is needed")
    npm = shutil.which("npm")
    if npm is None:
        raise NoPackages("there is no npm on the path")
    wanted = (_HERE / "package.json").read_bytes()
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mainstem-tests"
    folder = caches / f"typescript-{hashlib.sha256(wanted).hexdigest()[:16]}"
    caches.mkdir(parents=True, exist_ok=True)
    # One installs, the others wait for it; what was not finished is begun anew.
    with (caches / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "package.json").write_bytes(wanted)
            _install(npm, folder)
            (folder / "installed").touch()
    return folder / "node_modules"


def version_of(node_modules: Path, package: str) -> str:
    """The version of an installed package."""
    return str(json.loads((node_modules / package / "package.json").read_text())["version"])


def node_version() -> int:
    """The major version of node. Raises `NoPackages`."""
    node = shutil.which("node")
    if node is None:
        raise NoPackages("there is no node on the path")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return int(told.stdout.strip().removeprefix("v").split(".")[0] or 0)


def _install(npm: str, folder: Path) -> None:
    try:
        subprocess.run(
            [npm, *_INSTALL], cwd=folder, capture_output=True, text=True, timeout=240, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise NoPackages("npm did not install the packages in four minutes") from error
    except subprocess.CalledProcessError as error:
        raise NoPackages(f"npm did not install the packages: {error.stderr[-300:]}") from error
