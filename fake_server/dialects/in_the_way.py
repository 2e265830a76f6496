"""Remember earlier requests, for servers that refuse a later one because of them.

Some servers refuse a sequence number that was used before, a checkpoint name that is taken, or a sample while
too many others are in flight. `fake_server.dialects.dialect` has the values (`Conflicts` and `Busy`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final, NamedTuple, TypeVar

from fake_server.core.http_messages import JSON_HEADERS, Reply
from fake_server.core.json_values import encoded
from fake_server.dialects.dialect import Busy, Conflicts, Dialect

MOST_REMEMBERED: Final = 10_000
"""How many sequence numbers, and how many checkpoint names, are remembered; the oldest are forgotten first.
"""
_SAVES: Final = frozenset({"save_weights", "save_weights_for_sampler"})
_NUMBERED: Final = frozenset({"forward", "forward_backward", "optim_step", "load_weights", *_SAVES})


_K = TypeVar("_K")
_V = TypeVar("_V")


class _SavedName(NamedTuple):
    model: object
    endpoint: str
    name: str

    def is_of(self, path: str) -> bool:
        """Return whether a checkpoint's path, as a body or a URL has it, ends with this name."""
        return path.endswith(f"/{self.name}")


class EarlierRequests:
    """The requests that the imitated server has accepted, as far as later refusals depend on them.

    Thread-safe.
    """

    def __init__(self, dialect: Dialect) -> None:
        """Start without any requests.

        Args:
            dialect: The dialect, which says what the server refuses.
        """
        self._conflicts: Conflicts | None = dialect.conflicts
        self._busy: Busy | None = dialect.busy
        self._numbers: OrderedDict[tuple[object, object], bytes] = OrderedDict()
        self._names: OrderedDict[_SavedName, str] = OrderedDict()
        self._samples: set[str] = set()
        self._lock = threading.Lock()

    @property
    def matters(self) -> bool:
        """Whether this server's refusals depend on earlier requests at all."""
        return self._conflicts is not None or self._busy is not None

    def refusal(self, endpoint: str, raw: bytes, body: Mapping[str, object]) -> Reply | None:
        """Return the reply that refuses a submission because of earlier requests, or None.

        Args:
            endpoint: The endpoint, which is the path below `/api/v1/`.
            raw: The body as sent.
            body: The body as JSON; empty if the body is not JSON.
        """
        with self._lock:
            busy, conflicts = self._busy, self._conflicts
            if busy is not None and endpoint == "asample" and len(self._samples) >= busy.samples:
                return _too_many(busy, len(self._samples))
            return None if conflicts is None else self._conflict(conflicts, endpoint, raw, body)

    def _conflict(
        self, conflicts: Conflicts, endpoint: str, raw: bytes, body: Mapping[str, object]
    ) -> Reply | None:
        number, name = _number(endpoint, body), _name(endpoint, body)
        if number is not None and number in self._numbers:
            if self._numbers[number] == raw:
                return None  # the client repeats the same request
            return _refused(conflicts.reused_number, "the sequence number was used by another request")
        if name is not None:
            taken = name in self._names
            return _refused(conflicts.taken_name, "a checkpoint of that name exists") if taken else None
        path = body.get("model_path" if endpoint == "create_sampling_session" else "path")
        if isinstance(path, str) and any(waits and saved.is_of(path) for saved, waits in self._names.items()):
            return _refused(conflicts.unfinished_checkpoint, "the checkpoint is still being written")
        return None

    def accepted(
        self, endpoint: str, raw: bytes, body: Mapping[str, object], promise: Mapping[str, object]
    ) -> None:
        """Remember a submission that was accepted.

        Args:
            endpoint: The endpoint, which is the path below `/api/v1/`.
            raw: The body as sent.
            body: The body as JSON; empty if the body is not JSON.
            promise: The reply to the submission, which has the request id.
        """
        request_id = promise.get("request_id")
        with self._lock:
            if (number := _number(endpoint, body)) is not None:
                _remember(self._numbers, number, raw)
            if (name := _name(endpoint, body)) is not None and isinstance(request_id, str):
                _remember(self._names, name, request_id)
            if endpoint == "asample" and self._busy is not None and isinstance(request_id, str):
                self._samples.add(request_id)

    def ended(self, request_id: object) -> None:
        """Note that a poll has fetched the last reply of the future with this request id."""
        with self._lock:
            self._samples.discard(str(request_id))
            for name, waiting in self._names.items():
                if waiting == request_id:
                    self._names[name] = ""

    def deleted(self, path: str) -> None:
        """Note that the checkpoint at this path was deleted, so that its name is free again."""
        with self._lock:
            for saved in [each for each in self._names if each.is_of(path)]:
                del self._names[saved]


def _number(endpoint: str, body: Mapping[str, object]) -> tuple[object, object] | None:
    model, number = body.get("model_id"), body.get("seq_id")
    numbered = endpoint in _NUMBERED and isinstance(model, str) and isinstance(number, int)
    return (model, number) if numbered else None


def _name(endpoint: str, body: Mapping[str, object]) -> _SavedName | None:
    name = body.get("path")
    named = endpoint in _SAVES and isinstance(name, str)
    return _SavedName(body.get("model_id"), endpoint, str(name)) if named else None


def _remember(remembered: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    remembered[key] = value
    if len(remembered) > MOST_REMEMBERED:
        remembered.popitem(last=False)


def _refused(status: int | None, text: str) -> Reply | None:
    return None if status is None else Reply(status, JSON_HEADERS, encoded({"detail": text}))


def _too_many(busy: Busy, count: int) -> Reply:
    headers = JSON_HEADERS
    if busy.retry_after is not None:
        headers = (*JSON_HEADERS, (b"retry-after", str(busy.retry_after).encode()))
    return Reply(busy.status, headers, encoded({"detail": f"{count} samples are in flight"}))
