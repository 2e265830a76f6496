"""Scripted replies to the first requests of an endpoint or an operation (``engine.on(name).replies(...)``).

Not thread-safe: the engine holds its lock around all calls, except to ``SetupRequests``.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable

from fake_server.core.endpoints import named_endpoint
from fake_server.core.number_words import counted
from fake_server.core.operations import API_PREFIX, Operation
from fake_server.engine.explanations import described
from fake_server.script.builder import Turn
from fake_server.script.setup_replies import SetupReplies, setup_replies
from fake_server.script.steps import Step


class SetupBook:
    """The replies of one engine to the first requests of each endpoint or operation."""

    def __init__(self) -> None:
        self._left: defaultdict[str, deque[Turn]] = defaultdict(deque)

    def add(self, replies: SetupReplies) -> None:
        """Add replies, which follow those that were added before for the same path or operation."""
        self._left[replies.operation or replies.path].extend(replies.turns)

    def take(self, path: str, operations: Iterable[Operation] = ()) -> Turn | None:
        """Return the next scripted reply to a request, or None if the engine answers the request as usual.

        No other request gets the same reply.

        Args:
            path: The path of the request.
            operations: The operations that the request may be; none if it is no submission.
        """
        for key in (*operations, path):
            if waiting := self._left.get(key):
                return waiting.popleft()
        return None

    def concerns(self, path: str) -> bool:
        """Return whether replies were scripted for a path, used or not."""
        return path in self._left

    def unused(self) -> list[str]:
        """Return a message for each path or operation that still has replies."""
        return [_left_over(key, waiting) for key, waiting in self._left.items() if waiting]


def _left_over(key: str, waiting: Collection[Turn]) -> str:
    number = counted(len(waiting), "scripted reply", "scripted replies")
    replies = ", ".join(described(turn.reply) for turn in waiting)
    return (
        f"{key.removeprefix(API_PREFIX)}: {number} left over ({replies}); send more requests, or script "
        "fewer replies"
    )


class SetupRequests:
    """The requests of one path or operation; ``engine.on(name)`` returns this object."""

    def __init__(self, path: str, add: Callable[[SetupReplies], None]) -> None:
        named_endpoint(path)
        self._path = path
        self._add = add

    def replies(self, *steps: Step) -> None:
        """Give the first requests these replies, one each; later requests are answered as usual.

        Args:
            steps: Replies such as ``status(503)``, ``timeout()`` or ``drop()``. With
                ``drop(after="accepted")`` the server does what the request asks for, and only the reply is
                lost.

        Raises:
            ScriptError: The path is that of polls, or a step is not a reply to such a request.
        """
        self._add(setup_replies(self._path, *steps))
