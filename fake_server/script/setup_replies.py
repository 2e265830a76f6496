"""Replies to the first requests of one endpoint or operation, such as the creation of a session.

    engine.on("create_session").replies(status(503), drop())
    engine.on("optim_step").replies(status(400, {"detail": "the learning rate is too high"}))

In a script file the same is ``{setup: create_session, steps: [{status: 503}, {drop: reset}]}``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fake_server.core.endpoints import named_endpoint
from fake_server.core.errors import ScriptError
from fake_server.core.operations import API_PREFIX, Operation
from fake_server.core.plain_data import kind, refuse_unknown
from fake_server.script.builder import Script, Turn
from fake_server.script.script_data import decode_steps
from fake_server.script.steps import Advance, Step

_KEYS: Final = ("setup", "steps")
_POLL: Final = f"{API_PREFIX}retrieve_future"


@dataclass(frozen=True, slots=True)
class SetupReplies:
    """Replies to the first requests of one endpoint or operation; later requests are answered as usual.

    Attributes:
        path: The path of the requests, without the query.
        turns: The replies, in order.
        operation: Only submissions of this operation get the replies; None for every request of the path.

    Raises:
        ScriptError: The path is that of polls, there is no reply, or a step moves the clocks.
    """

    path: str
    turns: tuple[Turn, ...]
    operation: Operation | None = None

    def __post_init__(self) -> None:
        name = self.name
        if self.path == _POLL:
            raise ScriptError(f"{name} is a poll; give its future a script")
        if not self.turns:
            raise ScriptError(f"{name} has no replies; give at least one, such as status(503)")

    @property
    def name(self) -> str:
        """The operation, or else the path without ``/api/v1/``."""
        return self.operation or self.path.removeprefix(API_PREFIX)


def setup_replies(name: str, *steps: Step) -> SetupReplies:
    """Return the replies to the first requests of an endpoint or operation.

    Args:
        name: An operation such as ``sample``, an endpoint such as ``create_session``, or any complete path.
        steps: Replies such as ``status(503)`` or ``drop()``, but none that only a poll can get (``complete``,
            ``try_again``).

    Raises:
        ScriptError: As `SetupReplies`; or a step is not such a reply; or there is no such operation or
            endpoint.
    """
    if any(isinstance(step, Advance) for step in steps):
        raise ScriptError("replies to the set-up cannot move the clocks; leave the advance out")
    turns = Script(submission=steps).submission_turns
    path, operation = named_endpoint(name)
    return SetupReplies(path, turns, operation)


def is_setup(item: object) -> bool:
    """Return whether an entry of a script file gives replies to an endpoint."""
    return isinstance(item, Mapping) and "setup" in item


def decode_setup(item: object, where: str) -> SetupReplies:
    """Return the replies to an endpoint, read from an entry of a script file.

    Args:
        item: The entry.
        where: The place of the entry, with which messages begin.

    Raises:
        ScriptError: The entry is invalid; the message names the place.
    """
    assert isinstance(item, Mapping)  # noqa: S101 - `is_setup` came first
    try:
        refuse_unknown(item, _KEYS)
        name = _path_of(item)
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None
    steps = decode_steps(item.get("steps", []), where)
    try:
        return setup_replies(name, *steps)
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None


def _path_of(item: Mapping[str, object]) -> str:
    name = item["setup"]
    if not isinstance(name, str):
        raise ScriptError(f"setup must be a path such as create_session, not {kind(name)}; quote it")
    return name
