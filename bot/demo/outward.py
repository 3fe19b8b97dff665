"""HTTP requests that the stand-ins send: callbacks, webhooks, and images they are told to fetch."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

MAX_BYTES = 32 * 1024 * 1024
# A URL that cannot be read at all is as good as one where nobody answers.
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError)


class Unreachable(Exception):
    """Nothing came back."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; at most about ``MAX_BYTES`` of the body."""

    status: int
    body: bytes


async def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    timeout_seconds: float = 15.0,
) -> Reply:
    """Send one request over a connection of its own, without proxy and without redirects.

    The timeout is in real seconds, for all of it. Raises ``Unreachable``.
    """
    try:
        async with (
            asyncio.timeout(timeout_seconds),
            httpx.AsyncClient(
                verify=_certificates(url), trust_env=False, timeout=timeout_seconds
            ) as client,
            client.stream(method, url, headers=dict(headers), content=body) as response,
        ):
            return Reply(response.status_code, await _capped(response))
    except _FAILURES as error:
        raise Unreachable(f"{type(error).__name__}: {error}") from error


async def _capped(response: httpx.Response) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            break
    return bytes(content)


def _certificates(url: str) -> ssl.SSLContext:
    """Return whom to trust: over http nobody, which saves reading all certificates."""
    if url.startswith("https:"):
        return httpx.create_ssl_context(trust_env=False)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
