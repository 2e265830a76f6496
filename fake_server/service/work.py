"""The work of a model: submissions, done in the order of sequence numbers, whatever is polled first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping

from fake_server.core.operations import Operation
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer

Json = dict[str, object]


class Work:
    """One submission and, once it is done, its result.

    Attributes:
        operation: The operation.
        request: The decoded body; dropped when it is done.
        drawn_for: What the draws of a sample depend on, in addition to the seed and the model.
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
            arrival: How many submissions came before, which orders work without ``seq_id`` (``tinker``
                0.1.x).
            drawn_for: What the draws of a sample depend on, in addition to the seed and the model.
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
        """Do the work, unless it is done already."""
        if self.done:
            return
        try:
            self._result = how(self)
        except ServiceRefusal as refusal:
            self._refusal = refusal
        self.done = True
        self.request = {}

    def result(self) -> Json:
        """Return its result.

        Raises:
            ServiceRefusal: The work failed.
        """
        if self._refusal is not None:
            raise self._refusal
        return self._result


class Queue:
    """The pending work of one model."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []

    @property
    def waiting(self) -> tuple[Work, ...]:
        """The pending work, in the order in which it will be done."""
        return tuple(self._waiting)

    def add(self, work: Work) -> None:
        """Add work at its place in the order."""
        insort(self._waiting, work)

    def do_until(self, work: Work, how: Callable[[Work], Json]) -> None:
        """Do ``work`` and all work before it."""
        while not work.done and self._waiting:
            self._waiting.pop(0).do(how)
        work.do(how)
