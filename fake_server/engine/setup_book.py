"""Which requests of a path or an operation get other replies. The engine calls it under its own lock."""

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
    """The replies of one engine to the first requests of a path or an operation."""

    def __init__(self) -> None:
        self._left: defaultdict[str, deque[Turn]] = defaultdict(deque)

    def add(self, replies: SetupReplies) -> None:
        """Add replies after those of the same path or operation."""
        self._left[replies.operation or replies.path].extend(replies.turns)

    def take(self, path: str, operations: Iterable[Operation] = ()) -> Turn | None:
        """Return the next reply to a request, which no other request gets; None if it is answered as usual.

        Args:
            path: Its path.
            operations: The operations that it may be; none if it is no submission.
        """
        for key in (*operations, path):
            if waiting := self._left.get(key):
                return waiting.popleft()
        return None

    def concerns(self, path: str) -> bool:
        """Return whether replies were scripted for a path."""
        return path in self._left

    def unused(self) -> list[str]:
        """Return a text for each path or operation with replies that no request got."""
        return [_left_over(key, waiting) for key, waiting in self._left.items() if waiting]


def _left_over(key: str, waiting: Collection[Turn]) -> str:
    number = counted(len(waiting), "scripted reply", "scripted replies")
    replies = ", ".join(described(turn.reply) for turn in waiting)
    return (
        f"{key.removeprefix(API_PREFIX)}: {number} left over ({replies}); send more requests, or script "
        "fewer replies"
    )


class SetupRequests:
    """The requests of one path or operation, in ``engine.on(name).replies(...)``."""

    def __init__(self, path: str, add: Callable[[SetupReplies], None]) -> None:
        named_endpoint(path)
        self._path = path
        self._add = add

    def replies(self, *steps: Step) -> None:
        """Give the first requests these replies; later ones are answered as usual.

        Args:
            steps: Replies such as ``status(503)``, ``timeout()`` or ``drop()``; with
                ``drop(after="accepted")`` the server does what was asked, and the client never hears of it.

        Raises:
            ScriptError: Polls of one future come to the path, or a step cannot answer it.
        """
        self._add(setup_replies(self._path, *steps))
