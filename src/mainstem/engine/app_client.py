"""The one HTTP client of the engine: how apps are reached, over the network or in this process.

aiohttp's client costs a quarter of the processor time of the others for a small request, which is
what an engine sends all day. An app that lives in this process is called as ASGI, without a socket.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mainstem.engine import limits
from mainstem.engine.errors import AppUnreachable
from mainstem.engine.in_process import call_in_process
from mainstem.engine.signatures import canonical, is_signed, sign

if TYPE_CHECKING:
    import aiohttp

# aiohttp warns of a larger body in one piece; a file is written piece by piece.
_LARGE: Final = 2**20


@dataclass(frozen=True, slots=True)
class Response:
    """What an app answered; `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class AppClient:
    """Sends requests to apps; its pool is as wide as the calls it may have under way."""

    def __init__(
        self, *, transports: Mapping[str, Any], signing_keys: Sequence[str], parallel: int
    ) -> None:
        """`transports` maps an origin (`http://app`) to an ASGI app called in this process.

        Requests are signed with the first of `signing_keys`, when there are any.
        """
        self._transports = transports
        self._signing_keys = signing_keys
        self._parallel = parallel
        self._session: aiohttp.ClientSession | None = None

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        now: int,
        signed: bytes | None = None,
        timeout: float = limits.SYNC_TIMEOUT_SECONDS,  # noqa: ASYNC109  a bound, not a feature
    ) -> Response:
        """Send a signed request; `now` (milliseconds) is the moment of its signature.

        `signed` is what the signature is over in place of the body, which is then sent as it is.
        Raises `AppUnreachable` when there is no answer within `timeout` seconds.
        """
        if self._signing_keys:
            if signed is None:
                signed = body = canonical(body)
            signature = sign(signed, self._signing_keys[0], now_seconds=now // 1000)
            headers = {**headers, "x-inngest-signature": signature}
        if self._transports and (app := self._transports.get(_origin(url))) is not None:
            status, told, content = await call_in_process(app, method, url, headers, body)
            return Response(status, told, content)
        return await self._send_out(method, url, headers, body, timeout)

    async def _send_out(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        seconds: float,
    ) -> Response:
        import aiohttp
        import yarl

        if self._session is None:
            self._session = _session(self._parallel)
        try:
            async with self._session.request(
                method,
                yarl.URL(url, encoded=True),
                headers=headers,
                data=BytesIO(body) if len(body) > _LARGE else body,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=seconds, sock_connect=limits.CONNECT_TIMEOUT_SECONDS
                ),
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # Not every one has a text: a time-out has only its name.
            told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise AppUnreachable(url, told) from error
        return Response(answer.status, {k.lower(): v for k, v in answer.headers.items()}, content)

    def is_trusted(self, response: Response) -> bool:
        """False for an answer whose signature is wrong; one without a signature is trusted.

        Apps sign their answers only after they have verified the request, so its absence says
        nothing: their own refusals (401) have none.
        """
        signature = response.headers.get("x-inngest-signature")
        if not self._signing_keys or signature is None:
            return True
        return is_signed(response.content, signature, self._signing_keys)

    async def aclose(self) -> None:
        """Let go of all connections."""
        if self._session is not None:
            await self._session.close()


def _session(parallel: int) -> "aiohttp.ClientSession":
    import aiohttp

    connector = aiohttp.TCPConnector(
        limit=parallel, keepalive_timeout=limits.KEEP_ALIVE_SECONDS, use_dns_cache=True
    )
    return aiohttp.ClientSession(connector=connector, trust_env=False)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
