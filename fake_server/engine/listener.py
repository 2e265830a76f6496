"""How the engine notifies a test's tools of submissions, polls and clock steps.

A listener uses the notifications to move the clocks of the SDK under test, and to record a timeline.
"""

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
        future: The future that the submission created or continues.
        operation: The submitted operation.
        client: The model id, sampling session id or model path in the request; None if the request has none.
        request_id: The id that the future's polls carry; empty if the submission is not accepted.
        method: Method, in upper case.
        path: Path without the query.
        resubmitted: Whether the client submits the request again because the future ended with HTTP 410.
        repeated: Whether the client repeats an accepted submission, as after a lost reply; it gets the same
            future.
        request: The HTTP request.
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
        request_id: The request id in the poll.
        index: 0-based number of the script's reply that the poll gets, counted over all submissions of the
            future. If an outage or a limit answers the poll, the number of the reply that comes next.
        iteration: The header ``X-Tinker-Request-Iteration`` as sent; None if there was none.
        request_type: The header ``X-Tinker-Request-Type`` as sent; None if there was none.
        method: Method, in upper case.
        path: Path without the query.
        place: 0-based number of the poll among all polls of the future.
        held: Whether an outage or a limit answers the poll, instead of the script.
        request: The HTTP request.
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
    """An object that the engine notifies of each submission and poll, on the request's thread.

    For one poll the order is ``request_arrived``, ``clock_advanced`` for each ``advance`` of the script,
    ``reply_chosen``. For a submission that a script refuses or loses the order is ``submission_arrived``,
    ``clock_advanced``, ``submission_refused``. The engine holds no lock during these calls, so a listener may
    call the engine, and polls of other threads continue.
    """

    def submission_arrived(self, submission: Submission) -> None:
        """Handle a submission, before its reply is sent."""

    def request_arrived(self, poll: Poll) -> None:
        """Handle a poll, before its reply is sent."""

    def clock_advanced(self, poll: Poll | Submission, advance: Advance) -> None:
        """Move the clocks of the SDK under test, as the script says, before the reply to this request."""

    def submission_refused(self, submission: Submission, reply: Reply | TransportFault) -> None:
        """Handle a submission that a script refuses or loses, before the reply is sent.

        If no script is left for the submission, the name of its future is empty.
        """

    def setup_answered(self, request: Request, reply: Reply | TransportFault) -> None:
        """Handle a request that is about no single future, before the reply is sent.

        Such a request polls or cancels a whole session (``retrieve_futures``, ``cancel_future``), or comes
        before the first submission, to an endpoint that has scripted replies.
        """

    def reply_chosen(self, poll: Poll, reply: Reply | TransportFault) -> None:
        """Handle the reply to a poll, before the reply is sent."""
