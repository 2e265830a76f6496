"""SDKs that handle faults on the wire wrongly."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx
import msgspec

from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.polling import Poll
from tinker_conformance.sdk.adapter import ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter
from tinker_conformance.sdk.server_events import API_KEY

from .declaration import Chapter
from .patches import WithPoll
from .shows_in import has_a_read_timeout, has_unusual_replies

SDKS: Final = Chapter()


class _ReadsHeadAndBodySeparately(Poll):
    """Reads the head of a reply first, then its body, so that a subclass can handle errors of each."""

    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        post = self.send

        async def send(
            url: str,
            *,
            json: Any,
            headers: Any,
            timeout: float,  # noqa: ASYNC109 - the name is httpx's
            follow_redirects: bool,
        ) -> httpx.Response:
            async with httpx.AsyncClient() as client:
                sent = {"X-API-Key": API_KEY, **headers}
                request = client.build_request("POST", url, json=json, headers=sent, timeout=timeout)
                return await self.received(client, request, follow_redirects=follow_redirects)

        self.send = send
        try:
            return await super()._ask()
        finally:
            self.send = post

    async def received(
        self, client: httpx.AsyncClient, request: httpx.Request, *, follow_redirects: bool
    ) -> httpx.Response:
        response = await client.send(request, stream=True, follow_redirects=follow_redirects)
        return await self.read(response)

    async def read(self, response: httpx.Response) -> httpx.Response:
        await response.aread()
        return response


class _RetriesAtOnceAfterABodyReset(_ReadsHeadAndBodySeparately):
    __slots__ = ()

    async def read(self, response: httpx.Response) -> httpx.Response:
        try:
            return await super().read(response)
        except httpx.ReadError:
            return httpx.Response(503)


@SDKS.adapter(
    "polls_at_once_after_a_reset_in_the_body",
    under="tinker-0.5.1",
    caught_by="polling.broken_reply",
    saying="at 1.000 s: wanted poll 3 of future 1 at 3.000 s, got poll 3 of future 1 at 1.000 s",
    also=(
        "polling.closed_connection",
        "polling.short_body",
    ),
    shows_in=has_unusual_replies,
)
class _PollsAtOnceAfterAResetInTheBody(WithPoll):
    poll = _RetriesAtOnceAfterABodyReset


class _AcceptsPartOfABody(_ReadsHeadAndBodySeparately):
    __slots__ = ()

    async def read(self, response: httpx.Response) -> httpx.Response:
        pieces = []
        try:
            async for piece in response.aiter_bytes():
                pieces.append(piece)  # noqa: PERF401 - what came before the error counts
        except httpx.RemoteProtocolError:
            pass
        return httpx.Response(response.status_code, headers=_of_content(response), content=b"".join(pieces))


@SDKS.adapter(
    "accepts_a_truncated_body",
    under="tinker-0.5.1",
    caught_by="polling.short_body",
    saying="at 1.000 s: wanted poll 2 of future 1 at 1.000 s, got nothing",
    also=(
        "polling.broken_reply",
        "polling.closed_connection",
    ),
    shows_in=has_unusual_replies,
)
class _AcceptsATruncatedBody(WithPoll):
    poll = _AcceptsPartOfABody


class _RetriesAtOnceAfterAClose(_ReadsHeadAndBodySeparately):
    __slots__ = ()

    async def received(
        self, client: httpx.AsyncClient, request: httpx.Request, *, follow_redirects: bool
    ) -> httpx.Response:
        try:
            response = await client.send(request, stream=True, follow_redirects=follow_redirects)
        except httpx.RemoteProtocolError:
            return httpx.Response(503)
        return await self.read(response)


@SDKS.adapter(
    "polls_at_once_after_a_close",
    under="tinker-0.38",
    caught_by="polling.closed_connection",
    saying="at 0.000 s: wanted poll 2 of future 1 at 1.000 s, got poll 2 of future 1 at 0.000 s",
    also=(
        "polling.broken_reply",
        "polling.short_body",
    ),
    shows_in=has_unusual_replies,
)
class _PollsAtOnceAfterAClose(WithPoll):
    poll = _RetriesAtOnceAfterAClose


class _FailsWhenRefused(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        try:
            return await super()._ask()
        except httpx.ConnectError as error:
            message = "nobody listens"
            raise FutureError(message, official_class="ConnectError", official_text=message) from error


@SDKS.adapter(
    "ends_at_a_refused_connection",
    under="tinker-0.38",
    caught_by="polling.refused_connection",
    saying="wanted poll 2 of future 1 at 3.000 s, got nothing",
    shows_in=has_unusual_replies,
)
class _EndsAtARefusedConnection(WithPoll):
    poll = _FailsWhenRefused


class _IgnoresContentEncoding(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        response = await super()._ask()
        if response.status_code == 408 and "content-encoding" in response.headers:
            return httpx.Response(408, content=b"\x1f\x8b")
        return response


@SDKS.adapter(
    "does_not_decompress_a_408",
    under="tinker-0.5.1",
    caught_by="polling.compressed_reply",
    saying="at 0.000 s: wanted the observer notified of 'paused_capacity' at 0.000 s, got nothing",
    also=("polling.header_twice",),
    shows_in=has_unusual_replies,
)
class _DoesNotDecompressA408(WithPoll):
    poll = _IgnoresContentEncoding


class _BacksOffAtUndecodableBytes(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        await super()._handle_error_status(response)
        try:
            response.content.decode()
        except UnicodeDecodeError:
            await asyncio.sleep(1)


@SDKS.adapter(
    "backs_off_at_invalid_utf8",
    under="tinker-0.5.1",
    caught_by="polling.no_utf8",
    saying="at 1.000 s: wanted poll 2 of future 1 at 0.000 s, got poll 2 of future 1 at 1.000 s",
    also=(),
    shows_in=has_unusual_replies,
)
class _BacksOffAtInvalidUtf8(WithPoll):
    poll = _BacksOffAtUndecodableBytes


class _ReplacesUndecodableBytes(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        response = await super()._ask()
        if not response.is_success:
            return response
        content = response.content.decode(errors="replace").encode()
        return httpx.Response(response.status_code, headers=_of_content(response), content=content)


@SDKS.adapter(
    "replaces_invalid_utf8",
    under="tinker-0.5.1",
    caught_by="polling.no_utf8_in_200",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
    also=(),
    shows_in=has_unusual_replies,
)
class _ReplacesInvalidUtf8(WithPoll):
    poll = _ReplacesUndecodableBytes


class _IgnoresRedirects(_ReadsHeadAndBodySeparately):
    __slots__ = ()

    async def received(
        self, client: httpx.AsyncClient, request: httpx.Request, *, follow_redirects: bool
    ) -> httpx.Response:
        del follow_redirects
        return await super().received(client, request, follow_redirects=False)


@SDKS.adapter(
    "does_not_follow_redirects",
    under="tinker-0.38",
    caught_by="polling.redirect",
    saying="at 0.000 s: wanted poll 2 of future 1 at 0.000 s, got nothing",
    also=(),
    shows_in=has_unusual_replies,
)
class _DoesNotFollowRedirects(WithPoll):
    poll = _IgnoresRedirects


class _UsesTheLastHeader(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        response = await super()._ask()
        content_types = response.headers.get_list("content-type")
        if response.status_code == 408 and len(content_types) > 1 and "json" not in content_types[-1]:
            return httpx.Response(408)
        return response


@SDKS.adapter(
    "uses_the_last_of_two_headers",
    under="tinker-0.5.1",
    caught_by="polling.header_twice",
    saying="at 0.000 s: wanted the observer notified of 'paused_capacity' at 0.000 s, got nothing",
    also=("polling.compressed_reply",),
    shows_in=has_unusual_replies,
)
class _UsesTheLastOfTwoHeaders(WithPoll):
    poll = _UsesTheLastHeader


class _LimitsTheWholeReply(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        try:
            return await asyncio.wait_for(super()._ask(), 60)
        except TimeoutError as error:
            raise httpx.ReadTimeout("a minute has passed") from error


@SDKS.adapter(
    "limits_a_whole_reply_to_a_minute",
    under="tinker-0.38",
    caught_by="polling.slow_reply",
    saying="got poll 2 of future 1 at 61.000 s",
    also=("polling.late_reply",),
    shows_in=has_unusual_replies,
)
class _LimitsAWholeReplyToAMinute(WithPoll):
    poll = _LimitsTheWholeReply


@SDKS.adapter(
    "has_a_read_timeout_of_its_own",
    under="tinker-0.5.1",
    caught_by="polling.read_timeout",
    saying="wanted 2 polls of future 1, got 1 poll of future 1",
    shows_in=has_a_read_timeout,
)
class _HasAReadTimeoutOfItsOwn(ReferenceAdapter):
    async def open(self, context: ScenarioContext) -> None:
        await super().open(msgspec.structs.replace(context, read_timeout=None))


SDKS.edited(
    "waits_60_s_for_a_reply",
    under="tinker-0.38",
    changes={"polling.poll_timeout_seconds": 60.0},
    caught_by="polling.late_reply",
    saying="at 61.000 s: wanted poll 2 of future 1 at 46.000 s, got poll 2 of future 1 at 61.000 s",
    also=("polling.slow_reply",),
    shows_in=has_unusual_replies,
)


def _of_content(response: httpx.Response) -> dict[str, str]:
    return {"content-type": response.headers.get("content-type", "")}
