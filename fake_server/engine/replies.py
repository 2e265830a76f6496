"""Make the engine's replies to submissions, to polls, and to polls of a whole sampling session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fake_server.core.errors import ScriptError
from fake_server.core.faults import RawBytes, Refusal, Wire
from fake_server.core.gate import Gate
from fake_server.core.http_messages import JSON_HEADERS, Reply, Request, TransportFault
from fake_server.core.json_values import encoded
from fake_server.core.operations import Operation
from fake_server.engine.futures import FutureBook, ScriptedFuture
from fake_server.engine.request_decoding import decode_request
from fake_server.engine.results import MAX_SAMPLES, encoded_result, result_body
from fake_server.script.computed_replies import Spoken
from fake_server.script.steps import Complete, Drop, ReplyStep, Status, Timeout, TryAgain, Wired
from fake_server.service.refusals import ServiceRefusal

if TYPE_CHECKING:
    from fake_server.service.simulated_service import SimulatedService

_NUMBERS_OF_A_CLONE: Final = 1_000_000_000
_REMEMBERED: Final = 64
_REMEMBERED_BYTES: Final = 2048
_SAMPLING: Final = (Operation.SAMPLE, Operation.COMPUTE_LOGPROBS)
# The result of a load lacks the id of the model that it creates; the submission's reply has it (0.38.0).
_ASSIGNED_IN_RESULT: Final = (Operation.CREATE_MODEL, Operation.SAVE_WEIGHTS_FOR_SAMPLER)


def submission_reply(future: ScriptedFuture, request_id: str, body: Mapping[str, object]) -> Reply:
    """Return the reply to an accepted submission, with the keys that any release of the official SDK reads.

    Releases up to 0.6.3 read ``request_id``, and ``model_id`` where a model is known; 0.38.0 also reads
    ``sample_sequence_ids``, one for each requested sample.
    """
    answer: dict[str, object] = {"request_id": request_id}
    model_id = future.assigned.get("model_id", body.get("model_id"))
    if isinstance(model_id, str):
        answer["model_id"] = model_id
    if future.operation in _SAMPLING:
        count = body.get("num_samples", 1)
        count = min(count, MAX_SAMPLES) if isinstance(count, int) else 1
        numbered = [f"{request_id}/{number}" for number in range(count)]
        answer["sample_sequence_ids"] = future.assigned.get("sample_sequence_ids", numbered)
    return Reply(200, JSON_HEADERS, encoded(answer))


def scripted_reply(
    step: ReplyStep,
    future: ScriptedFuture,
    request_id: str,
    poll: Request,
    service: SimulatedService | None = None,
) -> Reply | TransportFault:
    """Return the reply that a step of a script gives to one poll.

    Args:
        step: The step.
        future: The polled future, which has been submitted.
        request_id: The request id in the poll.
        poll: The poll; a result is protobuf if the poll's ``Accept`` header allows it.
        service: The simulated service that computes results; None for constant results.

    Raises:
        ValueError: The fields that the step replaces cannot be encoded in a form that the poll accepts.
    """
    match step:
        case TryAgain():
            return step.reply_to(request_id)
        case Complete():
            return _result(step, future, poll.header("accept") or "", service)
        case Drop(kind=kind):
            return TransportFault(kind)
        case Wired(reply=inner, wire=wire):
            reply = scripted_reply(inner, future, request_id, poll, service)
            assert isinstance(reply, Reply)  # noqa: S101 - narrows: a wired step has a reply
            return _sent_as(reply, wire.for_client(poll.header("accept-encoding") or ""), future)
        case Refusal() | RawBytes():
            return TransportFault(step)
        case _:
            return step.reply


def _sent_as(reply: Reply, wire: Wire | None, future: ScriptedFuture) -> Reply | TransportFault:
    return reply if wire is None else TransportFault(wire, reply, gate=future.gate, future=future.name)


def refusing_reply(step: ReplyStep, gate: Gate, name: str) -> Reply | TransportFault:
    """Return the reply that a step of a script gives to a request that is not a poll.

    Args:
        step: The step; not one that only a poll can get, such as ``complete``.
        gate: Where a held reply waits.
        name: The name by which ``FakeTinker.release`` releases a held reply.
    """
    match step:
        case Drop(kind=kind):
            return TransportFault(kind)
        case Wired(reply=inner, wire=wire):
            reply = refusing_reply(inner, gate, name)
            assert isinstance(reply, Reply)  # noqa: S101 - narrows: a wired step has a reply
            return TransportFault(wire, reply, gate=gate, future=name)
        case Refusal() | RawBytes():
            return TransportFault(step)
        case Timeout() | Status():
            return step.reply
        case _:
            raise ScriptError(f"{step!r} can answer only a poll; give a status, a timeout or a fault")


def completions_reply(book: FutureBook, session: object, clone: object, cursor: int) -> Reply:
    """Return the reply to ``retrieve_futures``: all futures of a sampling client are done.

    Releases from 0.26 send this request, if a flag of the client configuration says so. The SDK then polls
    each future in the ordinary way, and gets the scripted replies. The cursor is the number of request ids
    that the server has given so far, including those of forgotten futures; after a ``forget`` some ids may be
    reported twice.

    Args:
        book: The futures.
        session: The id of the sampling session.
        clone: The number of the copy of the sampling client that polls; the original is 0. The reply lists
            only the futures of this copy.
        cursor: The cursor of the previous reply; 0 for the first.
    """
    request_ids = list(book.by_request_id)
    start = max(cursor - (book.given - len(request_ids)), 0)
    found = [
        {"state": "finished", "request_id": request_id}
        for request_id in request_ids[start:]
        if _is_of(book.by_request_id[request_id], session, clone)
    ]
    return Reply(200, JSON_HEADERS, encoded({"completions": found, "cursor": book.given}))


def _is_of(future: ScriptedFuture, session: object, clone: object) -> bool:
    """Return whether a copy of a sampling client submitted a future.

    Each copy numbers its requests in a range of its own (``FuturesRetrieveRequest`` of ``tinker`` 0.38.0).
    """
    numbers = [number for _, _, number in future.numbers]
    return future.client == session and (
        not isinstance(clone, int)
        or not numbers
        or any(number // _NUMBERS_OF_A_CLONE == clone for number in numbers)
    )


def _result(step: Complete, future: ScriptedFuture, accept: str, service: SimulatedService | None) -> Reply:
    operation = future.operation or Operation.SAMPLE
    submitted = future.request
    unique = service is not None or future.assigned or step.make is not None
    if unique or submitted is None or len(submitted.body) > _REMEMBERED_BYTES:
        return _made(step, future, accept, service)
    # Most futures of a test, and all of a load test, ask for the same result.
    key = (operation, submitted.body, submitted.is_plain(), accept)
    reply = step.made.get(key)
    if reply is None:
        reply = _made(step, future, accept, None)
        if submitted.is_plain() and len(step.made) < _REMEMBERED:
            step.made[key] = reply
    return reply


def _made(step: Complete, future: ScriptedFuture, accept: str, service: SimulatedService | None) -> Reply:
    operation = future.operation or Operation.SAMPLE
    assigned = future.assigned if operation in _ASSIGNED_IN_RESULT else {}
    computed = _computed(step, future, service)
    overrides = {**assigned, **step.overrides, **computed}
    result = None
    if service is not None:
        try:
            result = service.result(future.name)
        except ServiceRefusal as refusal:
            # A script's `complete` takes precedence over the state of the service.
            if not future.scripted:
                return refusal.failure
    if result is not None:
        content_type, body = encoded_result(operation, {**result, **overrides}, accept)
    else:
        request = _submitted_body(future)
        content_type, body = result_body(operation, request=request, accept=accept, overrides=overrides)
    return Reply(200, ((b"content-type", content_type.encode("ascii")),), body)


def _computed(
    step: Complete, future: ScriptedFuture, service: SimulatedService | None
) -> Mapping[str, object]:
    match step.make:
        case None:
            return {}
        case Spoken() as spoken if service is not None:
            request = _submitted_body(future)
            try:
                return spoken.sequences(request, lambda tokens: service.logprobs(request, tokens))
            except ServiceRefusal:
                # As below: what a script says takes precedence over the state of the service.
                return spoken(request)
        case make:
            return make(_submitted_body(future))


def _submitted_body(future: ScriptedFuture) -> Mapping[str, object]:
    return {} if future.request is None else decode_request(future.request)
