"""Which requests of the set-up get scripted replies. The engine calls it under its own lock."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable

from fake_server.core.operations import API_PREFIX
from fake_server.engine.explanations import described
from fake_server.script.builder import Turn
from fake_server.script.setup_replies import SetupReplies, setup_replies
from fake_server.script.steps import Step


class SetupBook:
    """The scripted replies of one engine to its set-up, by path."""

    def __init__(self) -> None:
        self._left: defaultdict[str, deque[Turn]] = defaultdict(deque)

    def add(self, replies: SetupReplies) -> None:
        """Add replies after those of the same path."""
        self._left[replies.path].extend(replies.turns)

    def take(self, path: str) -> Turn | None:
        """Return the next reply of a path, which no other request gets; None if it is answered as usual."""
        waiting = self._left.get(path)
        return waiting.popleft() if waiting else None

    def concerns(self, path: str) -> bool:
        """Return whether replies were scripted for a path."""
        return path in self._left

    def unused(self) -> list[str]:
        """Return a text for each path with replies that no request got."""
        return [
            f"requests of {path.removeprefix(API_PREFIX)} left {len(waiting)} replies unused "
            f"({', '.join(described(turn.reply) for turn in waiting)}); send more requests, or remove them"
            for path, waiting in self._left.items()
            if waiting
        ]


class SetupRequests:
    """The requests of one path, in ``engine.on(path).replies(...)``."""

    def __init__(self, path: str, add: Callable[[SetupReplies], None]) -> None:
        self._path = path
        self._add = add

    def replies(self, *steps: Step) -> None:
        """Give the first requests of the path these replies; later ones are answered as usual.

        Args:
            steps: Replies such as ``status(503)``, ``timeout()`` or ``drop()``.

        Raises:
            ScriptError: Polls of one future or submissions come to the path, or a step cannot answer it.
        """
        self._add(setup_replies(self._path, *steps))
