"""Where held replies wait until a test lets them go."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Gate:
    """The held replies of one engine; every method may be called from any thread."""

    def __init__(self) -> None:
        """Holds nothing."""
        self._lock = threading.Lock()
        self._waiting: dict[object, tuple[str, Callable[[], object]]] = {}

    @property
    def held(self) -> tuple[str, ...]:
        """The names of the futures whose replies wait, in the order they came."""
        with self._lock:
            return tuple(name for name, _ in self._waiting.values())

    def wait(self, name: str, go: Callable[[], object]) -> Callable[[], None]:
        """Holds one reply of a future.

        Args:
            name: The future's.
            go: Called once, on the thread that releases it.

        Returns:
            Gives up waiting; does nothing once it was released.
        """
        key = object()
        with self._lock:
            self._waiting[key] = (name, go)

        def forget() -> None:
            with self._lock:
                self._waiting.pop(key, None)

        return forget

    def release(self, name: str | None = None) -> int:
        """Lets go the replies that wait now, of one future or (None) of all; returns how many."""
        with self._lock:
            keys = [key for key, (held, _) in self._waiting.items() if name in (None, held)]
            released = [self._waiting.pop(key)[1] for key in keys]
        for go in released:
            go()
        return len(released)
