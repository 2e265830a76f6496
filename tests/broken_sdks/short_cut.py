"""A direct connection from the reference to the fake server.

With two hundred broken SDKs, most of the time would be spent in `httpx.AsyncClient`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from json import dumps
from typing import Any

import anyio.lowlevel
import httpx
from respx.mocks import HTTPXMocker

from fake_server import FakeTinker
from fake_server.httpx_transport import FakeTinkerTransport
from tinker_conformance.sdk.adapter import Adapter


class ShortCut:
    """The methods of `httpx.AsyncClient` that the reference uses, without connections and cookies."""

    def __init__(self) -> None:
        self._transport = FakeTinkerTransport(_mounted_engine())

    async def post(
        self,
        url: str,
        *,
        json: Any,
        headers: Mapping[str, str],
        timeout: float,  # noqa: ASYNC109 - the name is httpx's
        follow_redirects: bool,
    ) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        body = dumps(json, separators=(",", ":"), ensure_ascii=False).encode()
        request = _request(url, body, tuple(headers.items()), timeout)
        response = await self.exchange(request)
        if response.has_redirect_location and follow_redirects:
            there = str(request.url.join(response.headers["location"]))
            return await self.post(there, json=json, headers=headers, timeout=timeout, follow_redirects=True)
        return response

    async def exchange(self, request: httpx.Request) -> httpx.Response:
        """Send a request and return the whole reply."""
        response = await self._transport.handle_async_request(request)
        await response.aread()
        return response


@lru_cache(maxsize=4096)
def _request(url: str, body: bytes, headers: tuple[tuple[str, str], ...], timeout: float) -> httpx.Request:
    """Make a request, or return the one that was made before: hundreds of SDKs send the same."""
    # What the client that this stands for sends with every request.
    own = (("Accept-Encoding", "gzip"), ("Content-Type", "application/json"))
    limits = {"timeout": {"read": timeout}}
    return httpx.Request("POST", url, content=body, headers=[*own, *headers], extensions=limits)


def take_short_cut(adapter: Adapter, short_cut: ShortCut | None = None) -> None:
    """Let an adapter whose scenario is open reach the fake server without httpx."""
    if (service := vars(adapter).get("_service")) is not None:
        service._http = ShortCut() if short_cut is None else short_cut


def _mounted_engine() -> FakeTinker:
    (router,) = HTTPXMocker.routers
    (route,) = router.routes
    engine: FakeTinker = route._engine
    return engine
