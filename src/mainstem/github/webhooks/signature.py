"""Whether a delivery is GitHub's: HMAC-SHA-256 of the raw body, compared in constant time.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
from collections.abc import Iterable, Sequence

_PREFIX = "sha256="


class Signing:
    """The signatures of one body that arrives in pieces, one for each of several secrets.

    While a secret is changed there are two. All are always compared, so that neither the time
    taken nor the answer tells which of them it was.
    """

    __slots__ = ("_macs",)

    def __init__(self, secrets: Iterable[str]) -> None:
        self._macs = [hmac.new(secret.encode(), digestmod="sha256") for secret in secrets if secret]

    def update(self, piece: bytes) -> None:
        """Take the next piece of the body."""
        for mac in self._macs:
            mac.update(piece)

    def matches(self, header: str | None) -> bool:
        """Whether `header` (`X-Hub-Signature-256`) is the signature by one of the secrets."""
        given = (header or "").strip()
        if not given.startswith(_PREFIX):
            return False
        # As bytes: text with other letters than ASCII would raise instead of being wrong.
        said = given.removeprefix(_PREFIX).lower().encode(errors="replace")
        found = False
        for mac in self._macs:
            found |= hmac.compare_digest(mac.hexdigest().encode(), said)
        return found


def verify(secrets: str | Sequence[str], body: bytes, signature_header: str | None) -> bool:
    """Whether `signature_header` signs `body` with the secret, or with one of several.

    No secret at all matches nothing: an empty setting must not open the door.

    >>> verify("key", b"body", "sha256=nonsense")
    False
    """
    signing = Signing([secrets] if isinstance(secrets, str) else secrets)
    signing.update(body)
    return signing.matches(signature_header)
