"""Hold back replies with the fault ``hold`` until a test releases them with ``FakeTinker.release``."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Gate:
    """The held replies of one engine, by the names of the futures that were polled; thread-safe."""

    def __init__(self) -> None:
        """Create a gate that holds no replies."""
        self._lock = threading.Lock()
        self._waiting: dict[object, tuple[str, Callable[[], object]]] = {}

    @property
    def held(self) -> tuple[str, ...]:
        """The names of the futures whose replies are held, in order of arrival."""
        with self._lock:
            return tuple(name for name, _ in self._waiting.values())

    def wait(self, name: str, go: Callable[[], object]) -> Callable[[], None]:
        """Hold one reply of a future until ``release`` is called.

        Args:
            name: The name of the future.
            go: Sends the reply. It is called once, on the thread that releases the reply.

        Returns:
            A function that gives up the reply, so that ``go`` is never called. After the release it does
            nothing.
        """
        key = object()
        with self._lock:
            self._waiting[key] = (name, go)

        def forget() -> None:
            with self._lock:
                self._waiting.pop(key, None)

        return forget

    def release(self, name: str | None = None) -> int:
        """Release the replies that are held at this moment, and return how many there were.

        Args:
            name: The name of the future whose replies to release; None for those of all futures.
        """
        with self._lock:
            keys = [key for key, (held, _) in self._waiting.items() if name in (None, held)]
            released = [self._waiting.pop(key)[1] for key in keys]
        for go in released:
            go()
        return len(released)
