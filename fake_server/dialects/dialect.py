"""The values of a dialect: how one server deviates from the official service.

Each table of a file has a source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

PLACEHOLDERS: Final = frozenset(
    {"{request_id}", "{queue_state}", "{queue_state_reason}", "{error}", "{category}"}
)
"""Placeholders that a body may contain. Each is replaced by its value; if the value is not known, the key is
left out.
"""
_ENDPOINT: Final = re.compile(r"(GET|POST|DELETE|PUT|PATCH) [a-z_]+(/(\{[a-z_]+(:path)?\}|[a-z_]+))*")
_PLACEHOLDER: Final = re.compile(r"\{[a-z_]*\}")


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Pending(_Table, frozen=True, kw_only=True):
    """The reply to a poll while the result is not there yet.

    Attributes:
        status: The HTTP status.
        body: The JSON body, with placeholders.
        seconds: How long the server waits for the result before it sends this reply, in seconds. The fake
            waits only if the option ``long_polls`` is on.
        source: Where this was found.
    """

    status: int
    body: dict[str, object]
    seconds: float
    source: str


class Failed(_Table, frozen=True, kw_only=True):
    """The reply to a poll of a future that failed.

    Attributes:
        status: The HTTP status.
        body: The JSON body, with placeholders.
        categories: What this server calls the official categories `user`, `server` and `unknown`.
        source: Where this was found.
    """

    status: int
    body: dict[str, object]
    categories: dict[str, str] = {}
    source: str


class UnknownFuture(_Table, frozen=True, kw_only=True):
    """The reply to a poll with a request id that the server does not know.

    Attributes:
        status: The HTTP status.
        source: Where this was found.
    """

    status: int
    source: str


class SubmissionReplies(_Table, frozen=True, kw_only=True):
    """The replies to requests that create something.

    Attributes:
        statuses: The HTTP status of a success, by endpoint; endpoints that are not listed reply with 200.
        sample_sequence_ids: Whether the reply to `asample` has `sample_sequence_ids`, which releases from
            0.26 need.
        source: Where this was found.
    """

    statuses: dict[str, int] = {}
    sample_sequence_ids: bool = True
    source: str


class Protobuf(_Table, frozen=True, kw_only=True):
    """Whether the server knows protobuf, which releases from 0.25 need.

    Attributes:
        requests: Whether the server reads requests in protobuf.
        refusal: The HTTP status for requests in protobuf if the server does not read them.
        results: Whether the server sends results in protobuf to clients that accept it.
        source: Where this was found.
    """

    requests: bool = True
    refusal: int = 422
    results: bool = True
    source: str


class Conflicts(_Table, frozen=True, kw_only=True):
    """Refusals of requests that conflict with an earlier request.

    A status of None means: as the official service.

    Attributes:
        reused_number: The status for a submission in JSON with a sequence number that another submission of
            the model had.
        taken_name: The status for a save under a name that the model has used for a save before.
        unfinished_checkpoint: The status for loading, or sampling from, a checkpoint that is still being
            saved: no poll has fetched the result of the save.
        source: Where this was found.
    """

    reused_number: int | None = None
    taken_name: int | None = None
    unfinished_checkpoint: int | None = None
    source: str


class Busy(_Table, frozen=True, kw_only=True):
    """Refusals of samples while too many samples are in flight, that is, no poll has fetched their results.

    Attributes:
        samples: How many samples may be in flight.
        status: The HTTP status of the refusal.
        retry_after: The value of the refusal's header `Retry-After`, in seconds; None for no such header.
        source: Where this was found.
    """

    samples: int
    status: int
    retry_after: int | None = None
    source: str


class Key(_Table, frozen=True, kw_only=True):
    """The reply to requests without an API key.

    Attributes:
        missing: The HTTP status of the reply.
        source: Where this was found.
    """

    missing: int
    source: str


class Endpoints(_Table, frozen=True, kw_only=True):
    """The endpoints that the server has.

    Attributes:
        offered: Method and path below `/api/v1/`; `{name}` stands for one part of the path, `{name:path}` for
            the rest of it. Any other endpoint gets HTTP 404.
        source: Where this was found.
    """

    offered: tuple[str, ...]
    source: str


class Dialect(_Table, frozen=True, kw_only=True):
    """How one server deviates from the official service.

    A table that is missing (None) means: as the official service.

    Attributes:
        server: The name of the server, and where it is published.
        seen: The version or date of the code that was read or run.
        how: How the facts were found: the code was `read`, `run`, or both.
        pending: The reply to a poll whose result is not there yet.
        failed: The reply to a poll of a future that failed.
        unknown_future: The reply to a poll with an unknown request id.
        submission: The replies to requests that create something.
        conflicts: Refusals of requests that conflict with an earlier request.
        busy: Refusals of samples while too many samples are in flight.
        protobuf: Whether the server knows protobuf.
        key: The reply to requests without an API key.
        endpoints: The endpoints that the server has.
        name: The name of the dialect, which is that of its file without the ending.
    """

    server: str
    seen: str
    how: str
    pending: Pending | None = None
    failed: Failed | None = None
    unknown_future: UnknownFuture | None = None
    submission: SubmissionReplies | None = None
    conflicts: Conflicts | None = None
    busy: Busy | None = None
    protobuf: Protobuf | None = None
    key: Key | None = None
    endpoints: Endpoints | None = None
    name: str = ""

    def problems(self) -> Iterator[str]:
        """Yield one sentence for each mistake in the values that their types do not exclude."""
        for table, body in (("pending", self.pending), ("failed", self.failed)):
            if body is None:
                continue
            unknown = set(_placeholders(body.body)) - PLACEHOLDERS
            if unknown:
                yield (f"[{table}] body has {min(unknown)}; use one of {', '.join(sorted(PLACEHOLDERS))}")
        statuses = [
            ("[pending] status", None if self.pending is None else self.pending.status),
            ("[failed] status", None if self.failed is None else self.failed.status),
            ("[unknown_future] status", None if self.unknown_future is None else self.unknown_future.status),
            ("[protobuf] refusal", None if self.protobuf is None else self.protobuf.refusal),
            ("[key] missing", None if self.key is None else self.key.missing),
        ]
        if self.conflicts is not None:
            statuses += [
                ("[conflicts] reused_number", self.conflicts.reused_number),
                ("[conflicts] taken_name", self.conflicts.taken_name),
                ("[conflicts] unfinished_checkpoint", self.conflicts.unfinished_checkpoint),
            ]
        if self.busy is not None:
            statuses.append(("[busy] status", self.busy.status))
            if self.busy.samples < 1:
                yield f"[busy] samples is {self.busy.samples}; use at least 1"
        submission = self.submission or SubmissionReplies(source="official")
        statuses += [(f"[submission] {name}", status) for name, status in submission.statuses.items()]
        for place, status in statuses:
            if status is not None and not 200 <= status <= 599:
                yield f"{place} is {status}; use an HTTP status from 200 to 599"
        if self.pending is not None and not 0 <= self.pending.seconds <= 3600:
            yield f"[pending] seconds is {self.pending.seconds:g}; use 0 to 3600"
        if self.failed is not None and (
            others := set(self.failed.categories) - {"user", "server", "unknown"}
        ):
            yield f"[failed] categories has {min(others)!r}; use user, server and unknown"
        offered = () if self.endpoints is None else self.endpoints.offered
        for endpoint in (*offered, *submission.statuses):
            if not _ENDPOINT.fullmatch(endpoint):
                yield f"{endpoint!r} is not an endpoint; write one like 'GET samplers/{{id}}'"


def _placeholders(value: object) -> Iterator[str]:
    match value:
        case str():
            yield from _PLACEHOLDER.findall(value)
        case Mapping():
            for each in value.values():
                yield from _placeholders(each)
        case list():
            for each in value:
                yield from _placeholders(each)
        case _:
            pass
