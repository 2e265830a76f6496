"""A direct connection from the reference to the fake server.

With two hundred broken SDKs, most of the time would be spent in `httpx.AsyncClient`.
"""

from __future__ import annotations

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
        headers: Any = None,
        timeout: float,  # noqa: ASYNC109 - the name is httpx's
        follow_redirects: bool,
    ) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        limits = {"timeout": {"read": timeout}}
        # The client that this stands for sends it with every request.
        headers = {"Accept-Encoding": "gzip", **(headers or {})}
        request = httpx.Request("POST", url, json=json, headers=headers, extensions=limits)
        response = await self._transport.handle_async_request(request)
        await response.aread()
        if response.has_redirect_location and follow_redirects:
            there = str(request.url.join(response.headers["location"]))
            return await self.post(there, json=json, headers=headers, timeout=timeout, follow_redirects=True)
        return response


def take_short_cut(adapter: Adapter) -> None:
    """Let an adapter whose scenario is open reach the fake server without httpx."""
    if (service := vars(adapter).get("_service")) is not None:
        service._http = ShortCut()


def _mounted_engine() -> FakeTinker:
    (router,) = HTTPXMocker.routers
    (route,) = router.routes
    engine: FakeTinker = route._engine
    return engine
