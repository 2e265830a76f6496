"""What every server is asked, and what it must answer: a future is polled five times.

Three times HTTP 408, once HTTP 200 ``try_again``, then the result. The requests are those that ``tinker``
0.38.0 was seen to send: 22 header lines, of which the idempotency key is new each time.
"""

from __future__ import annotations

import json
from typing import Final

POLLS: Final = 5
STATUSES: Final = (408, 408, 408, 200, 200)
PATH: Final = "/api/v1/retrieve_future"
PAUSED: Final = {"queue_state": "paused_capacity"}
PAUSED_BODY: Final = json.dumps(PAUSED, separators=(",", ":")).encode()
RESULT_BODY: Final = (
    b'{"type":"sample","sequences":[{"stop_reason":"length","tokens":[0],"logprobs":[-0.5]}],'
    b'"prompt_logprobs":null,"topk_prompt_logprobs":null}'
)
"""What the fake server answers to a poll of a ``sample`` of one token."""

_HEAD: Final = """\
POST {path} HTTP/1.1\r
Host: 127.0.0.1:8000\r
Accept-Encoding: gzip, deflate, zstd\r
Connection: keep-alive\r
Accept: application/json\r
Content-Type: application/json\r
User-Agent: AsyncTinker/Python 0.38.0\r
X-Stainless-Package-Version: 0.38.0\r
X-Stainless-OS: Linux\r
X-Stainless-Arch: x64\r
X-Stainless-Runtime: CPython\r
X-Stainless-Runtime-Version: 3.11.7\r
X-Stainless-Async: async:asyncio\r
x-sdk-version: 0.38.0\r
x-sdk-method: BackcompatSamplingClientFuture.sample\r
X-Tinker-Request-Iteration: {iteration}\r
X-Tinker-Request-Type: Sample\r
X-Stainless-Raw-Response: raw\r
X-Idempotency-Key: stainless-python-retry-{{key:08x}}-f14a-4cf9-9b5c-4f1c00ba5e4b\r
x-stainless-retry-count: 0\r
x-stainless-read-timeout: 45\r
Content-Length: {length}\r
X-API-Key: tml-x\r
\r
"""


def future_name(number: int) -> str:
    """The request id of a future; all have one length."""
    return f"future-{number:08d}"


def body_of(name: str) -> bytes:
    """The body of a poll."""
    return b'{"request_id":"%b","allow_metadata_only":true}' % name.encode()


def heads() -> tuple[tuple[bytes, bytes], ...]:
    """The heads of the five polls of a future, each in two halves between which the key goes."""
    length = len(body_of(future_name(0)))
    made = [_HEAD.format(path=PATH, iteration=n, length=length).partition("{key:08x}") for n in range(POLLS)]
    return tuple((before.encode(), after.encode()) for before, _, after in made)


def try_again_body(name: str) -> bytes:
    """The body of the fourth reply."""
    return b'{"type":"try_again","request_id":"%b","queue_state":"paused_capacity"}' % name.encode()
