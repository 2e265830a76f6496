"""SDKs that mistake what goes wrong on the wire."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx

from tinker_conformance.reference.failures import PollError
from tinker_conformance.reference.polling import Poll

from .declaration import Chapter
from .patches import WithPoll

SDKS: Final = Chapter()


class _ReadsApart(Poll):
    """A poll that reads the head of a reply, and then its body."""

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
                request = client.build_request("POST", url, json=json, headers=headers, timeout=timeout)
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


class _PollsOnWhereABodyIsReset(_ReadsApart):
    __slots__ = ()

    async def read(self, response: httpx.Response) -> httpx.Response:
        try:
            return await super().read(response)
        except httpx.ReadError:
            return httpx.Response(503)


@SDKS.adapter(
    "polls_at_once_where_a_body_breaks_off",
    under="tinker-0.5.1",
    caught_by="polling.broken_reply",
    saying="at 1.000 s: wanted poll 3 of future 1 at 3.000 s, got poll 3 of future 1 at 1.000 s",
)
class _PollsAtOnceWhereABodyBreaksOff(WithPoll):
    poll = _PollsOnWhereABodyIsReset


class _TakesWhatCame(_ReadsApart):
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
    "takes_a_short_body_for_the_whole",
    under="tinker-0.5.1",
    caught_by="polling.short_body",
    saying="at 1.000 s: wanted poll 2 of future 1 at 1.000 s, got nothing",
)
class _TakesAShortBodyForTheWhole(WithPoll):
    poll = _TakesWhatCame


class _PollsOnAfterAClose(_ReadsApart):
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
)
class _PollsAtOnceAfterAClose(WithPoll):
    poll = _PollsOnAfterAClose


class _EndsWhenRefused(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        try:
            return await super()._ask()
        except httpx.ConnectError as error:
            message = "nobody listens"
            raise PollError(message, official_class="ConnectError", official_text=message) from error


@SDKS.adapter(
    "ends_at_a_refused_connection",
    under="tinker-0.38",
    caught_by="polling.refused_connection",
    saying="wanted poll 2 of future 1 at 3.000 s, got nothing",
)
class _EndsAtARefusedConnection(WithPoll):
    poll = _EndsWhenRefused


class _ReadsNoGzip(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        response = await super()._ask()
        if response.status_code == 408 and "content-encoding" in response.headers:
            return httpx.Response(408, content=b"\x1f\x8b")
        return response


@SDKS.adapter(
    "reads_a_compressed_408_as_it_comes",
    under="tinker-0.5.1",
    caught_by="polling.compressed_reply",
    saying="at 0.000 s: wanted the observer notified of 'paused_capacity' at 0.000 s, got nothing",
)
class _ReadsACompressed408AsItComes(WithPoll):
    poll = _ReadsNoGzip


class _BacksOffAtStrangeBytes(Poll):
    __slots__ = ()

    async def _handle_error_status(self, response: httpx.Response) -> None:
        await super()._handle_error_status(response)
        try:
            response.content.decode()
        except UnicodeDecodeError:
            await asyncio.sleep(1)


@SDKS.adapter(
    "backs_off_at_a_body_that_is_no_utf8",
    under="tinker-0.5.1",
    caught_by="polling.no_utf8",
    saying="at 1.000 s: wanted poll 2 of future 1 at 0.000 s, got poll 2 of future 1 at 1.000 s",
)
class _BacksOffAtABodyThatIsNoUtf8(WithPoll):
    poll = _BacksOffAtStrangeBytes


class _Replaces(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        response = await super()._ask()
        if not response.is_success:
            return response
        content = response.content.decode(errors="replace").encode()
        return httpx.Response(response.status_code, headers=_of_content(response), content=content)


@SDKS.adapter(
    "replaces_what_is_no_utf8",
    under="tinker-0.5.1",
    caught_by="polling.no_utf8_in_200",
    saying="at 0.000 s: wanted 1 poll of future 1, got 2 polls of future 1",
)
class _ReplacesWhatIsNoUtf8(WithPoll):
    poll = _Replaces


class _Stays(_ReadsApart):
    __slots__ = ()

    async def received(
        self, client: httpx.AsyncClient, request: httpx.Request, *, follow_redirects: bool
    ) -> httpx.Response:
        del follow_redirects
        return await super().received(client, request, follow_redirects=False)


@SDKS.adapter(
    "follows_no_redirect",
    under="tinker-0.38",
    caught_by="polling.redirect",
    saying="at 0.000 s: wanted poll 2 of future 1 at 0.000 s, got nothing",
)
class _FollowsNoRedirect(WithPoll):
    poll = _Stays


class _BelievesTheLast(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        response = await super()._ask()
        said = response.headers.get_list("content-type")
        if response.status_code == 408 and len(said) > 1 and "json" not in said[-1]:
            return httpx.Response(408)
        return response


@SDKS.adapter(
    "believes_the_last_of_two_headers",
    under="tinker-0.5.1",
    caught_by="polling.header_twice",
    saying="at 0.000 s: wanted the observer notified of 'paused_capacity' at 0.000 s, got nothing",
)
class _BelievesTheLastOfTwoHeaders(WithPoll):
    poll = _BelievesTheLast


class _HasAMinute(Poll):
    __slots__ = ()

    async def _ask(self) -> httpx.Response:
        try:
            return await asyncio.wait_for(super()._ask(), 60)
        except TimeoutError as error:
            raise httpx.ReadTimeout("a minute has passed") from error


@SDKS.adapter(
    "gives_a_whole_reply_a_minute",
    under="tinker-0.38",
    caught_by="polling.slow_reply",
    saying="got poll 2 of future 1 at 61.000 s",
)
class _GivesAWholeReplyAMinute(WithPoll):
    poll = _HasAMinute


SDKS.edited(
    "waits_a_minute_for_a_reply",
    under="tinker-0.38",
    changes={"polling.poll_timeout_seconds": 60.0},
    caught_by="polling.late_reply",
    saying="at 61.000 s: wanted poll 2 of future 1 at 46.000 s, got poll 2 of future 1 at 61.000 s",
)


def _of_content(response: httpx.Response) -> dict[str, str]:
    return {"content-type": response.headers.get("content-type", "")}
