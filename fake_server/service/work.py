"""The work of a model: its submissions, done in the order of their numbers, whatever is polled first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping

from fake_server.core.operations import Operation
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer

Json = dict[str, object]


class Work:
    """The work of one submission and, once the work is done, its result.

    Attributes:
        operation: The operation.
        request: The decoded body; empty after the work is done.
        drawn_for: The values on which the random draws of a sample depend, in addition to the seed and the
            model.
    """

    __slots__ = ("_key", "_refusal", "_result", "done", "drawn_for", "operation", "request")

    def __init__(
        self,
        operation: Operation,
        request: Mapping[str, object],
        arrival: int,
        drawn_for: tuple[object, ...] = (),
    ) -> None:
        """Create work that is not done yet.

        Args:
            operation: The operation.
            request: The decoded body.
            arrival: How many submissions came before; this orders the work of requests without ``seq_id``
                (``tinker`` 0.1.x).
            drawn_for: The values on which the random draws of a sample depend, in addition to the seed and
                the model.
        """
        self.operation = operation
        self.request = request
        self.drawn_for = drawn_for
        self.done = False
        self._key = (integer(request.get("seq_id"), arrival), arrival)
        self._result: Json = {}
        self._refusal: ServiceRefusal | None = None

    def __lt__(self, other: Work) -> bool:
        return self._key < other._key

    def do(self, how: Callable[[Work], Json]) -> None:
        """Do the work, unless it is done already.

        Args:
            how: Does the work, and returns the result.
        """
        if self.done:
            return
        try:
            self._result = how(self)
        except ServiceRefusal as refusal:
            self._refusal = refusal
        self.done = True
        self.request = {}

    def result(self) -> Json:
        """Return the result of the work, which must be done.

        Raises:
            ServiceRefusal: The work failed.
        """
        if self._refusal is not None:
            raise self._refusal
        return self._result


class Queue:
    """The work of one model that is not done yet."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []

    @property
    def waiting(self) -> tuple[Work, ...]:
        """The work that is not done yet, in the order in which it will be done."""
        return tuple(self._waiting)

    def add(self, work: Work) -> None:
        """Add work, at its place in the order."""
        insort(self._waiting, work)

    def do_until(self, work: Work, how: Callable[[Work], Json]) -> None:
        """Do one piece of work, and all work that comes before it.

        Args:
            work: The piece of work.
            how: Does one piece of work, and returns the result.
        """
        while not work.done and self._waiting:
            self._waiting.pop(0).do(how)
        work.do(how)
