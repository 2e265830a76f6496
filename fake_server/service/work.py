"""Work: what was submitted, done in the order of sequence numbers, whatever is polled first."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping

from fake_server.core.operations import Operation
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer

Json = dict[str, object]


class Work:
    """One submission and, once it was done, its result.

    Attributes:
        operation: What it is.
        request: The decoded body; dropped when it was done.
        drawn_for: What the draws of a sample depend on, beside the seed and what is sampled.
    """

    __slots__ = ("_key", "_refusal", "_result", "done", "drawn_for", "operation", "request")

    def __init__(
        self,
        operation: Operation,
        request: Mapping[str, object],
        arrival: int,
        drawn_for: tuple[object, ...] = (),
    ) -> None:
        """Is not done yet.

        Args:
            operation: What it is.
            request: The decoded body.
            arrival: How many came before, which orders work that has no ``seq_id`` (``tinker`` 0.1.x).
            drawn_for: What the draws of a sample depend on, beside the seed and what is sampled.
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
        """Does it, once."""
        if self.done:
            return
        try:
            self._result = how(self)
        except ServiceRefusal as refusal:
            self._refusal = refusal
        self.done = True
        self.request = {}

    def result(self) -> Json:
        """Its result.

        Raises:
            ServiceRefusal: It could not be done.
        """
        if self._refusal is not None:
            raise self._refusal
        return self._result


class Queue:
    """The work of one model that is still to be done."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []

    @property
    def waiting(self) -> tuple[Work, ...]:
        """What is still to be done, in the order in which it will be."""
        return tuple(self._waiting)

    def add(self, work: Work) -> None:
        """Puts work in its place."""
        insort(self._waiting, work)

    def do_until(self, work: Work, how: Callable[[Work], Json]) -> None:
        """Does ``work`` and everything before it."""
        while not work.done and self._waiting:
            self._waiting.pop(0).do(how)
        work.do(how)

    def do_all(self, how: Callable[[Work], Json]) -> None:
        """Does everything."""
        while self._waiting:
            self._waiting.pop(0).do(how)
