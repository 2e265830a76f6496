"""A short cut to the fake server: most of the time of a scenario is httpx's, two hundred times over."""

from __future__ import annotations

from typing import Any

import anyio.lowlevel
import httpx
from respx.mocks import HTTPXMocker

from fake_server import FakeTinker
from fake_server.httpx_transport import FakeTinkerTransport


class ShortCut:
    """What the reference needs of `httpx.AsyncClient`, without connections, cookies and redirects."""

    def __init__(self) -> None:
        self._transport = FakeTinkerTransport(_mounted_engine())

    async def post(self, url: str, *, json: Any, headers: Any = None, **_: Any) -> httpx.Response:
        await anyio.lowlevel.checkpoint()
        request = httpx.Request("POST", url, json=json, headers=headers)
        response = await self._transport.handle_async_request(request)
        await response.aread()
        return response


def _mounted_engine() -> FakeTinker:
    (router,) = HTTPXMocker.routers
    (route,) = router.routes
    engine: FakeTinker = route._engine
    return engine
