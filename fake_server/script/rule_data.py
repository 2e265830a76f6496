"""Read rules and holds from plain data, the form that YAML and JSON files share.

An entry of a script file with ``every``, ``nth`` or ``chance`` is a rule, which gives replies to some of the
submissions without a script::

    - every: 3                     # or nth: [2, 5], or chance: 0.1
      operation: forward_backward  # default: any but create_model
      client: model-1              # default: any
      where: {loss_fn: ppo}        # default: any; see ``fake_server.script.request_match``
      paused: {state: paused_capacity, seconds: 90}

Instead of ``paused`` a rule may have ``steps``, as a script has. The keys of ``paused`` are the arguments of
``fake_server.script.rules.RuleBeginning.paused``. An entry with ``outage`` or ``at_most`` is a hold, which
pauses many futures together; its keys are the arguments of the functions in ``fake_server.script.holds``::

    - outage: {state: paused_capacity, seconds: 600, after: 20}
    - at_most: {count: 4, state: paused_rate_limit}
      operation: sample
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fake_server.core.errors import ScriptError
from fake_server.core.plain_data import kind, refuse_unknown
from fake_server.script.holds import Hold, at_most, outage
from fake_server.script.request_match import decode_match
from fake_server.script.rules import Rule, RuleBeginning, chance, every, nth
from fake_server.script.script_data import decode_steps
from fake_server.script.spelling import spelling_of_a_file

RULE_KEYS: Final = ("every", "nth", "chance")
HOLD_KEYS: Final = ("outage", "at_most")
_OUTAGE_KEYS: Final = ("state", "seconds", "polls", "after", "reason", "signal", "poll_seconds")
_AT_MOST_KEYS: Final = ("count", "state", "reason", "signal", "poll_seconds")
_OTHER_KEYS: Final = ("operation", "client", "where", "paused", "steps")
_PAUSE_KEYS: Final = ("state", "seconds", "polls", "reason", "signal", "poll_seconds")


def is_rule(item: object) -> bool:
    """Return whether an entry of a script file is a rule or a hold."""
    return isinstance(item, Mapping) and any(key in item for key in (*RULE_KEYS, *HOLD_KEYS))


def decode_rule(item: object, where: str) -> Rule | Hold:
    """Return a rule, an outage or a limit from plain data.

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
        if any(key in item for key in HOLD_KEYS):
            with spelling_of_a_file():
                return _hold(item)
        refuse_unknown(item, (*RULE_KEYS, *_OTHER_KEYS))
        beginning = _beginning(item)
        if "paused" in item:
            with spelling_of_a_file():
                return _paused(beginning, item["paused"])
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None
    steps = decode_steps(item["steps"], where)
    try:
        return beginning.plays(*steps)
    except ScriptError as error:
        raise ScriptError(f"{where}: {error}") from None


def _hold(item: Mapping[Any, Any]) -> Hold:
    refuse_unknown(item, (*HOLD_KEYS, "operation", "client"))
    given = [key for key in HOLD_KEYS if key in item]
    if len(given) != 1:
        raise ScriptError(f"a hold has one of {', '.join(HOLD_KEYS)}, and this has both; keep one")
    whose = _whose(item)
    if given[0] == "outage":
        fields, state = _fields("outage", item["outage"], _OUTAGE_KEYS)
        return outage(state, **whose, **fields)
    fields, state = _fields("at_most", item["at_most"], _AT_MOST_KEYS)
    return at_most(fields.pop("count", None), state, **whose, **fields)


def _whose(item: Mapping[Any, Any]) -> dict[str, Any]:
    operation, client = item.get("operation"), item.get("client")
    for name, value in (("operation", operation), ("client", client)):
        if value is not None and not isinstance(value, str):
            raise ScriptError(f"{name} must be a string, not {kind(value)}; quote it")
    return {"operation": operation, "client": client}


def _fields(name: str, value: object, keys: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    """Return the arguments of a pause, and its queue state.

    Args:
        name: The key of the entry, such as ``paused``.
        value: The value of the key.
        keys: The keys that the value may have.
    """
    if not isinstance(value, Mapping):
        raise ScriptError(
            f"{name} must be a mapping, not {kind(value)}; write {{state: paused_capacity, seconds: 90}}"
        )
    refuse_unknown(value, keys)
    fields = dict(value)
    state = fields.pop("state", None)
    for key, given in (
        ("state", state),
        ("reason", fields.get("reason", "")),
        ("signal", fields.get("signal", "")),
    ):
        if not isinstance(given, str):
            raise ScriptError(
                f"{name}: {key} must be a string, not {kind(given)}; write for example paused_capacity"
            )
    assert isinstance(state, str)  # noqa: S101 - the loop above
    return fields, state


def _beginning(item: Mapping[Any, Any]) -> RuleBeginning:
    if ("paused" in item) == ("steps" in item):
        raise ScriptError("a rule needs either 'paused' or 'steps'; give exactly one of them")
    given = [key for key in RULE_KEYS if key in item]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        raise ScriptError(f"a rule takes one of {', '.join(RULE_KEYS)}, but this one has {found}; keep one")
    whose = _whose(item)
    match given[0]:
        case "every":
            beginning = every(item["every"], **whose)
        case "nth":
            numbers = item["nth"]
            places = numbers if isinstance(numbers, list | tuple) else (numbers,)
            beginning = nth(*places, **whose)
        case _:
            beginning = chance(item["chance"], **whose)
    return replace(beginning, where=decode_match(item.get("where")))


def _paused(beginning: RuleBeginning, value: object) -> Rule:
    fields, state = _fields("paused", value, _PAUSE_KEYS)
    return beginning.paused(state, **fields)
