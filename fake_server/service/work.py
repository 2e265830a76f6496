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
        occurrence: How many equal requests came before.
    """

    __slots__ = ("_key", "_refusal", "_result", "done", "occurrence", "operation", "request")

    def __init__(
        self, operation: Operation, request: Mapping[str, object], arrival: int, occurrence: int = 0
    ) -> None:
        """Is not done yet.

        Args:
            operation: What it is.
            request: The decoded body.
            arrival: How many came before, which orders work that has no ``seq_id`` (``tinker`` 0.1.x).
            occurrence: How many equal requests came before.
        """
        self.operation = operation
        self.request = request
        self.occurrence = occurrence
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
