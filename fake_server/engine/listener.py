"""Notifications of submissions and polls, with which a runner moves clocks and records a timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fake_server.core.http_messages import Reply, Request, TransportFault
from fake_server.core.operations import Operation
from fake_server.engine.futures import ScriptedFuture
from fake_server.script.steps import Advance


@dataclass(frozen=True, slots=True)
class Submission:
    """One submission of an operation.

    Attributes:
        future: The future that answers it.
        operation: The submitted operation.
        client: Model id, sampling session id or model path in the request; None if it has none.
        request_id: The id that its polls carry; empty if the submission is not accepted.
        method: Method, in upper case.
        path: Path without the query.
        resubmitted: Whether the request was submitted again after HTTP 410.
        repeated: Whether it is a duplicate of an earlier submission, as after a lost reply; nothing new is
            done.
        request: The request itself.
    """

    future: ScriptedFuture
    operation: Operation
    client: str | None
    request_id: str
    method: str
    path: str
    resubmitted: bool
    repeated: bool = False
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll of a future.

    Attributes:
        future: The polled future, with its name, client and operation.
        request_id: The id in the request.
        index: 0-based number of the script's reply, resubmissions included; of a held poll that of the next.
        iteration: Header ``X-Tinker-Request-Iteration`` as sent, or None.
        request_type: Header ``X-Tinker-Request-Type`` as sent, or None.
        method: Method, in upper case.
        path: Path without the query.
        place: 0-based number of the poll, over all polls of the future.
        held: Whether an outage or a limit answers it, and not the script.
        request: The request itself.
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
    request: Request | None = None


class Listener(Protocol):
    """Is notified of each submission and poll, on the request's thread, before the reply is sent.

    For one poll the order is ``request_arrived``, ``clock_advanced`` for each advance of the script,
    ``reply_chosen``. For a submission that a script refuses or loses it is ``submission_arrived``,
    ``clock_advanced``, ``submission_refused``. The engine holds no lock during these calls, so a listener may
    call the engine, and polls of other threads continue.
    """

    def submission_arrived(self, submission: Submission) -> None:
        """Handle a submission; its reply has not been sent yet."""

    def request_arrived(self, poll: Poll) -> None:
        """Handle a poll whose reply has been chosen but not sent."""

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        """Move the clocks of the SDK under test, as the script says, before the reply to this request."""

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        """Handle the reply to a submission that is not accepted; it is sent after this method.

        Where no script is left for a submission, the name of its future is ``''``.
        """

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        """Handle a request that belongs to no future; the reply is sent afterwards.

        It is a poll or a cancellation of a session (``retrieve_futures``, ``cancel_future``), or a request of
        the set-up to a path with scripted replies.
        """

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Handle the reply, which is sent as soon as this method returns."""
