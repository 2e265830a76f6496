"""What the engine tells while it answers: how a runner moves clocks and writes a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fake_server.core.http_messages import Reply, TransportFault
from fake_server.core.operations import Operation
from fake_server.engine.futures import ScriptedFuture
from fake_server.script.steps import Advance


@dataclass(frozen=True, slots=True)
class Submission:
    """One operation that was submitted.

    Attributes:
        future: What it will be answered by.
        operation: What was asked for.
        client: Model id, sampling session id or model path in the request; None if it named none.
        request_id: The id that its polls will carry.
        method: Upper case.
        path: Without the query.
        resubmitted: Whether it is a request submitted anew after HTTP 410.
        repeated: Whether it is the same submission once more, as after a lost reply: nothing new is done.
    """

    future: ScriptedFuture
    operation: Operation
    client: str | None
    request_id: str
    method: str
    path: str
    resubmitted: bool
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a future.

    Attributes:
        future: The future that was polled; its name, client and operation say which.
        request_id: The id in the request.
        index: 0-based, over the whole script, resubmissions included; of a held poll that of the next reply.
        iteration: Header ``X-Tinker-Request-Iteration`` as sent, or None.
        request_type: Header ``X-Tinker-Request-Type`` as sent, or None.
        method: Upper case.
        path: Without the query.
        place: 0-based, over all polls of the future.
        held: Whether an outage or a limit answers it, and not the script.
    """

    future: ScriptedFuture
    request_id: str
    index: int
    iteration: str | None
    request_type: str | None
    method: str
    path: str
    place: int = 0
    held: bool = False


class Listener(Protocol):
    """Told of each submission and poll, on the thread that carries the request, while the reply is withheld.

    For one poll the order is ``request_arrived``, ``clock_advanced`` for each advance of the script,
    ``reply_chosen``. No lock of the engine is held, so a listener may call the engine; polls of other threads
    go on meanwhile.
    """

    def submission_arrived(self, submission: Submission) -> None:
        """An operation was submitted; its reply has not left yet."""

    def request_arrived(self, poll: Poll) -> None:
        """A poll came in, and its reply is claimed."""

    def clock_advanced(self, poll: Poll, advance: Advance) -> None:
        """The clocks of the SDK under test move now, before the reply to this poll."""

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """The reply leaves as soon as this returns."""
