"""Credentials for GitHub: several tokens, an App's key in a variable or a file. Never a value.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/managing-private-keys-for-github-apps
"""

import re
from pathlib import Path

from mainstem.errors import Problem
from mainstem.settings import keys

TOKENS = "MAINSTEM_GITHUB_TOKENS"
APP_ID = "MAINSTEM_GITHUB_APP_ID"
APP_KEY = "MAINSTEM_GITHUB_APP_PRIVATE_KEY"
APP_KEY_FILE = "MAINSTEM_GITHUB_APP_PRIVATE_KEY_FILE"

_PRIVATE = re.compile(
    r"-----BEGIN (?:RSA )?PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+\n-----END (?:RSA )?PRIVATE KEY-----"
)
_WHOLE = "Set it to the whole text of the .pem file that GitHub gave, lines joined by \\n or not."


def split_tokens(variable: str, text: str) -> tuple[tuple[str, ...], list[Problem]]:
    """The tokens between the commas, each once, and what is wrong with them, by their place."""
    tokens = tuple(dict.fromkeys(filter(None, (part.strip() for part in text.split(",")))))
    problems = []
    for place, token in enumerate(tokens, 1):
        found = keys.spelling(variable, token) or keys.github_token(variable, token)
        if found is not None:
            problems.append(Problem(variable, f"of its token {place}: {found.wrong}", found.remedy))
    return tokens, problems


def app_id(variable: str, text: str) -> Problem | None:
    """An App's id is a number; its client id, which does as well, begins with Iv."""
    if re.fullmatch(r"\d+|Iv[\w.]+", text):
        return None
    return Problem(
        variable,
        "it is neither an App's id nor its client id",
        "Set it to the number, or to the 'Iv…', that the App's page at GitHub shows.",
    )


def unfolded_key(text: str) -> str:
    """A key in PEM with its lines as they were: hosts keep a variable on one line."""
    text = text.strip().strip("\"'").replace("\\n", "\n").replace("\r", "")
    return "\n".join(line.strip() for line in text.strip().split("\n")) + "\n"


def private_key(variable: str, text: str) -> Problem | None:
    """A text that is no private key in PEM. `text` is unfolded."""
    if _PRIVATE.fullmatch(text.strip()):
        return None
    if "ENCRYPTED" in text:
        return Problem(variable, "it is locked with a password", "Set it to GitHub's own file.")
    if "PUBLIC KEY" in text or "CERTIFICATE" in text:
        return Problem(variable, "it is a public key or a certificate", _WHOLE)
    if "BEGIN" in text:
        return Problem(variable, "it is a part of a private key, or one of another kind", _WHOLE)
    return Problem(variable, "it is no private key in PEM", _WHOLE)


def key_in_file(variable: str, path: str) -> tuple[str | None, Problem | None]:
    """The key that a file has, unfolded, or why there is none."""
    try:
        text = unfolded_key(Path(path).read_text(encoding="ascii"))
    except OSError as error:
        said = (error.strerror or "it cannot be read").lower()
        return None, Problem(variable, f"the file cannot be read ({said})", "Set it to its path.")
    except ValueError:
        return None, Problem(variable, "the file is no text", "Set it to the .pem file's path.")
    return text, private_key(variable, text)


def app_together(*, has_id: bool, has_key: bool, has_file: bool) -> Problem | None:
    """An App needs both its id and its key, and the key once."""
    if has_key and has_file:
        return Problem(APP_KEY, f"{APP_KEY_FILE} is set as well", "Unset one of the two.")
    if has_id and not (has_key or has_file):
        return Problem(
            APP_KEY, f"it is not set, and {APP_ID} is", f"Set it, or {APP_KEY_FILE}; or unset both."
        )
    if (has_key or has_file) and not has_id:
        return Problem(APP_ID, "it is not set, and the App's key is", "Set it, or unset both.")
    return None
