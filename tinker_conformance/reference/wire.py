"""The headers that the reference sends, and how it reads a reply, as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from fake_server.core.operations import Operation
from tinker_conformance.profile.profile import OperationFacet, PollingFacet, ResultFormat
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.reference.failures import ErrorKind, FutureError

RETRIEVE_PATH: Final = "/api/v1/retrieve_future"
PROTOBUF: Final = "application/x-protobuf"

TelemetryHook = Callable[[str, Mapping[str, object]], None]
"""A function that takes the name and the data of a telemetry event."""

_ACCEPT: Final[Mapping[ResultFormat, str]] = {
    ResultFormat.JSON: "application/json",
    ResultFormat.JSON_OR_PROTOBUF: f"{PROTOBUF}, application/json",
    ResultFormat.PROTOBUF: PROTOBUF,
}
_CATEGORIES: Final = frozenset({"unknown", "server", "user"})


@dataclass(frozen=True, slots=True)
class PendingFuture:
    """An accepted submission, whose result is not there yet.

    Attributes:
        request_id: The future's id on the server.
        operation: The operation that was submitted.
        client: The kind of client that submitted the operation.
        round_trip_seconds: How long the submission took, from request to reply, seconds.
    """

    request_id: str
    operation: Operation
    client: ClientKind
    round_trip_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a future.

    Attributes:
        operation: The operation that was submitted.
        request_id: The future's id on the server.
        content_type: The media type of the reply, parameters included.
        body: The decoded JSON object; None for protobuf, which the reference does not decode.
        raw: The bytes of the reply.
    """

    operation: Operation
    request_id: str
    content_type: str
    body: Mapping[str, object] | None
    raw: bytes


@dataclass(frozen=True, slots=True)
class TryAgainReply:
    """An HTTP 200 that says to poll again."""

    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MetadataOnly:
    """An HTTP 200 without the result, which only says that the result is ready and how large it is."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """An HTTP 200 that the SDK cannot use, with the error that ends the future."""

    error: FutureError


Reply = TryAgainReply | MetadataOnly | FutureError | Unusable | Result


def poll_headers(facet: PollingFacet, future: PendingFuture, iteration: int) -> dict[str, str]:
    """Return the headers of one poll; `iteration` counts from 0."""
    operation = facet.operations[future.operation]
    headers = {
        "Accept": _ACCEPT[operation.result_format],
        facet.iteration_header: str(iteration),
        facet.type_header: operation.request_type,
    }
    if iteration == 0:
        headers[facet.round_trip_header] = str(future.round_trip_seconds)
    return headers


def read_success(response: httpx.Response, facet: PollingFacet, future: PendingFuture) -> Reply:
    """Classify an HTTP 2xx reply to a poll: try again, result, failure, or an unusable reply."""
    operation = facet.operations[future.operation]
    content_type = response.headers.get("content-type", "")
    if PROTOBUF in content_type:
        if operation.result_format is ResultFormat.JSON:
            return _unusable("a result in protobuf, which this operation does not have", "ValueError", "")
        return Result(future.operation, future.request_id, content_type, None, response.content)
    try:
        body: object = response.json()
    except ValueError as error:
        return _unusable(f"a body that is not JSON ({error})", "JSONDecodeError", str(error))
    if not isinstance(body, dict):
        kind = type(body).__name__
        text = f"'{kind}' object has no attribute 'get'"
        return _unusable(f"a body that is not an object but a {kind}", "AttributeError", text)
    return _read_object(body, facet, future) or Result(
        future.operation, future.request_id, content_type, body, response.content
    )


def detail_of(response: httpx.Response) -> str:
    """Return the text about an error reply that the official SDK puts into its exception."""
    text = _text(response).strip()
    status = f"Error code: {response.status_code}"
    try:
        return f"{status} - {json.loads(text)}"
    except ValueError:
        return text or status


def _text(response: httpx.Response) -> str:
    """Return the body as `Response.text` does, without its slow guess of a charset."""
    if "charset" in response.headers.get("content-type", ""):
        return response.text
    return response.content.decode("utf-8", errors="replace")


def json_or_none(response: httpx.Response) -> object:
    """Return the JSON body of a reply; None if the body is not JSON, or is ``null``."""
    try:
        body: object = response.json()
    except ValueError:
        return None
    return body


def _read_object(
    body: Mapping[str, object], facet: PollingFacet, future: PendingFuture
) -> TryAgainReply | MetadataOnly | FutureError | Unusable | None:
    """Classify the JSON object in an HTTP 2xx reply to a poll; None means a result."""
    operation = facet.operations[future.operation]
    if body.get("type") == "try_again":
        return TryAgainReply(body)
    if facet.metadata_only and body.get("status") == "complete_metadata":
        return MetadataOnly()
    if "error" in body:
        return _failure(body, facet, operation, future)
    return _no_result(body, operation)


def _failure(
    body: Mapping[str, object], facet: PollingFacet, operation: OperationFacet, future: PendingFuture
) -> FutureError:
    category = body.get("category")
    text = facet.lines.failure_error.format(
        body=body, error=body["error"], request_id=future.request_id, result_class=operation.result_class
    )
    return FutureError(
        f"the server failed {future.operation} ({future.request_id}): {body['error']}; "
        "fix the request, or ask the operator of the server",
        ErrorKind.FAILED,
        official_class=facet.failure_class,
        official_text=text,
        category=category if isinstance(category, str) and category in _CATEGORIES else "unknown",
    )


def _no_result(body: Mapping[str, object], operation: OperationFacet) -> Unusable | None:
    if operation.result_format is ResultFormat.PROTOBUF:
        return _unusable("a result in JSON, which this profile takes only as protobuf", "ValueError", "")
    missing = [key for key in operation.required if key not in body]
    return _unusable(f"a result without {', '.join(missing)}", "ValueError", "") if missing else None


def _unusable(what: str, official_class: str, official_text: str) -> Unusable:
    message = f"the server replied to the poll with {what}; fix the server's reply"
    return Unusable(
        FutureError(message, official_class=official_class, official_text=official_text or message)
    )
