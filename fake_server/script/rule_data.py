"""Read rules from plain data, the form shared by YAML and JSON.

An entry of a script file with ``every``, ``nth`` or ``chance`` is a rule::

    - every: 3                     # or nth: [2, 5], or chance: 0.1
      operation: forward_backward  # default: any but create_model
      client: model-1              # default: any
      paused: {state: paused_capacity, seconds: 90}

Instead of ``paused`` it may have ``steps``, as a script has. The keys of ``paused`` are the arguments of
``fake_server.script.rules.RuleBeginning.paused``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fake_server.core.errors import ScriptError
from fake_server.core.plain_data import kind, refuse_unknown
from fake_server.script.rules import Rule, RuleBeginning, chance, every, nth
from fake_server.script.script_data import decode_steps

RULE_KEYS: Final = ("every", "nth", "chance")
_OTHER_KEYS: Final = ("operation", "client", "paused", "steps")
_PAUSE_KEYS: Final = ("state", "seconds", "polls", "reason", "signal", "poll_seconds")


def is_rule(item: object) -> bool:
    """Return whether an entry of a script file is a rule."""
    return isinstance(item, Mapping) and any(key in item for key in RULE_KEYS)


def decode_rule(item: object, where: str) -> Rule:
    """Return a rule from plain data.

    Args:
        item: A mapping loaded from YAML or JSON.
        where: Prefix of error messages, such as ``scripts.yaml, script 2``.

    Raises:
        ScriptError: The data is invalid; the message names the place, the key or value, and the fix.
    """
    if not isinstance(item, Mapping):
        raise ScriptError(
            f"{where}: a rule must be a mapping with one of {', '.join(RULE_KEYS)}, not {kind(item)}"
        )
    try:
        refuse_unknown(item, (*RULE_KEYS, *_OTHER_KEYS))
        beginning = _beginning(item)
        if "paused" in item:
            return _paused(beginning, item["paused"])
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None
    steps = decode_steps(item["steps"], where)
    try:
        return beginning.plays(*steps)
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None


def _beginning(item: Mapping[Any, Any]) -> RuleBeginning:
    if ("paused" in item) == ("steps" in item):
        raise ScriptError("a rule needs either 'paused' or 'steps'; give exactly one of them")
    given = [key for key in RULE_KEYS if key in item]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ScriptError(f"a rule takes one of {', '.join(RULE_KEYS)}, but this one has {found}; keep one")
    operation, client = item.get("operation"), item.get("client")
    for name, value in (("operation", operation), ("client", client)):
        if value is not None and not isinstance(value, str):
            raise ScriptError(f"{name} must be a string, not {kind(value)}; quote it")
    match given[0]:
        case "every":
            return every(item["every"], operation=operation, client=client)
        case "nth":
            numbers = item["nth"]
            places = numbers if isinstance(numbers, list | tuple) else (numbers,)
            return nth(*places, operation=operation, client=client)
        case _:
            return chance(item["chance"], operation=operation, client=client)


def _paused(beginning: RuleBeginning, value: object) -> Rule:
    if not isinstance(value, Mapping):
        raise ScriptError(
            f"paused must be a mapping, not {kind(value)}; write {{state: paused_capacity, seconds: 90}}"
        )
    refuse_unknown(value, _PAUSE_KEYS)
    fields = dict(value)
    state = fields.pop("state", None)
    for name, given in (
        ("state", state),
        ("reason", fields.get("reason", "")),
        ("signal", fields.get("signal", "")),
    ):
        if not isinstance(given, str):
            raise ScriptError(
                f"paused: {name} must be a string, not {kind(given)}; write for example paused_capacity"
            )
    assert isinstance(state, str)  # noqa: S101 - the loop above
    return beginning.paused(state, **fields)
