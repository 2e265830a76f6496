"""Read scenarios from YAML files, YAML text and plain data.

An unknown key, a missing value or a wrong type raises a `ScenarioError`, whose text names the file, the
scenario, the place in the scenario and the fix.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Sized
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn, TypeVar, cast

from fake_server.core.bounded_files import read_text
from fake_server.core.errors import FileError, ScriptError, suggestion
from fake_server.core.json_values import copied
from fake_server.core.operations import SUBMISSION_PATHS, Operation
from fake_server.core.wanted_got import expected_got
from fake_server.dialects import dialect_named
from fake_server.script.builder import MAX_STEPS, Exhausted, Script
from fake_server.script.script_yaml import decode_steps, load_yaml
from fake_server.script.setup_replies import SetupReplies, setup_replies
from fake_server.script.steps import Advance, Step
from tinker_conformance.clocks.two_clocks import DEFAULT_EPOCH
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.rounds import moves_within_a_round, unlike_in_a_round
from tinker_conformance.scenario.scenario import (
    DEFAULT_OPERATION,
    FUNCTIONS,
    OPERATIONS_OF,
    ClientSpec,
    FunctionCall,
    FutureSpec,
    ObserverUse,
    Scenario,
    ScenarioError,
)
from tinker_conformance.scenario.templates import FOR_EACH, made_for

_E = TypeVar("_E", bound=StrEnum)

_DEFAULT_IDS: Final[Mapping[ClientKind, str]] = {
    ClientKind.SAMPLING: "sampler-1",
    ClientKind.TRAINING: "model-1",
    ClientKind.MODEL_CREATION: "Qwen/Qwen3-8B",
}
_SCENARIO_KEYS: Final = (
    "id", "description", "epoch", "uptime", "time_zone", "base_path", "read_timeout", "client", "clients",
    "setup", "client_config", "background", "futures", "concurrent", "threads", "calls", "dialect",
)  # fmt: skip
_CLIENT_KEYS: Final = ("kind", "id", "model_path", "base_model", "checkpoint", "optimizer")
_FUTURE_KEYS: Final = (
    "client", "operation", "id", "observer", "timeout", "cancels", "exhausted", "before", "submission",
    "steps",
)  # fmt: skip
_CALL_KEYS: Final = ("function", "arguments")
_BACKGROUND: Final = ("retrieve_futures", "cancel_future")
_MOST_CLIENTS: Final = 1_000
_MOST_FUTURES: Final = 10_000
_MOST_ARGUMENTS: Final = 100
_EARLIEST: Final = -1e10
"""The earliest wall-clock time of a scenario, seconds since 1970: in the year 1653."""
_LATEST: Final = 1e11
_ROUND_OF_32_BITS: Final = 2**32 / 1_000
_MOST_REAL_SECONDS: Final = 2.0
_BASE_MODEL: Final = "Qwen/Qwen3-8B"


def load_scenarios(path: Path) -> tuple[Scenario, ...]:
    """Return the scenarios of one YAML file.

    Raises:
        ScenarioError: The file cannot be read, or holds something that is not a scenario.
    """
    try:
        text = read_text(path)
    except FileError as error:
        raise ScenarioError(error.of(str(path))) from error
    return parse_scenarios(text, source=str(path))


def parse_scenarios(text: str, *, source: str) -> tuple[Scenario, ...]:
    """Return the scenarios of YAML text.

    Args:
        text: YAML, as in a scenario file.
        source: The name of the text in error messages, such as its path.

    Raises:
        ScenarioError: The text is not YAML, or holds something that is not a scenario.
    """
    try:
        data = load_yaml(text, source)
    except ScriptError as error:
        raise ScenarioError(str(error)) from error
    if not isinstance(data, list):
        wanted = "a list of scenarios, each beginning with '- id: …'"
        raise ScenarioError(f"{source}: {expected_got(wanted, _named(data))}")
    scenarios: dict[str, Scenario] = {}
    steps = 0
    for where, entry in _written_out(data, source):
        scenario = decode_scenario(entry, where)
        if scenario.id in scenarios:
            message = f"{source}: two scenarios have the id {scenario.id!r}; rename one"
            raise ScenarioError(message)
        steps += sum(len(future.script.steps) for future in scenario.futures)
        if steps > MAX_STEPS:
            message = (
                f"{source}: more than {MAX_STEPS} steps in all; split the file, or use 'exhausted: repeat'"
            )
            raise ScenarioError(message)
        scenarios[scenario.id] = scenario
    return tuple(scenarios.values())


def _written_out(data: list[object], source: str) -> Iterator[tuple[str, object]]:
    """Yield the data of each scenario and its place in the file; an item with `for_each` yields several."""
    for number, entry in enumerate(data, 1):
        where = f"{source}: scenario {number}"
        if not isinstance(entry, dict) or FOR_EACH not in entry:
            yield where, entry
            continue
        if "client" in entry or "clients" in entry:
            _fail(where, "'for_each' cannot be combined with 'client' or 'clients'", "remove one of them")
        for name in _list(entry[FOR_EACH], f"{where}, for_each"):
            yield where, made_for(entry, _kind_or_operation(name, f"{where}, for_each"))


def _kind_or_operation(name: object, where: str) -> ClientKind | Operation:
    if name in [kind.value for kind in ClientKind]:
        return _choice(name, ClientKind, where)
    return _choice(name, Operation, where)


def decode_scenario(data: object, where: str) -> Scenario:
    """Return one scenario from plain data, as parsed from YAML or JSON.

    Args:
        data: A mapping, as a YAML or JSON parser returns it.
        where: The name of the scenario in error messages, such as "FILE: scenario 1".

    Raises:
        ScenarioError: The data is not a scenario; the text names the place and the fix.
    """
    entry = _mapping(data, where, _SCENARIO_KEYS)
    identifier = entry.get("id")
    if not isinstance(identifier, str) or not identifier:
        _fail(where, "a scenario needs an 'id', which is a string", "add one, for example 'id: my-scenario'")
    where = f"{where.rsplit(': scenario ', 1)[0]}: scenario {identifier}"
    concurrent = _flag(entry.get("concurrent", False), f"{where}, concurrent")
    if "calls" in entry and ("futures" in entry or "client" in entry or "clients" in entry):
        _fail(
            where,
            "'calls' cannot be combined with clients or futures",
            "put the calls into a scenario of their own",
        )
    if "calls" not in entry and "futures" not in entry:
        _fail(where, "the scenario has no futures and no calls", "add 'futures' or 'calls'")
    clients = _clients(entry, where)
    futures = _futures(entry.get("futures", []), clients, where)
    threads = _flag(entry.get("threads", False), f"{where}, threads")
    if threads:
        _check_threads(entry, futures, where)
    elif concurrent and any(future.before for future in futures):
        _fail(where, "'before' cannot be used in concurrent futures", "move the clocks in a script")
    scenario = Scenario(
        id=identifier,
        epoch=_epoch(entry.get("epoch", DEFAULT_EPOCH), f"{where}, epoch"),
        uptime=_uptime(entry, f"{where}, uptime"),
        time_zone=_time_zone(entry, f"{where}, time_zone"),
        read_timeout=_read_timeout(entry, f"{where}, read_timeout"),
        base_path=_base_path(entry.get("base_path", ""), f"{where}, base_path"),
        clients=clients,
        setup=_setup(entry.get("setup", {}), f"{where}, setup"),
        client_config=_client_config(entry.get("client_config", {}), f"{where}, client_config"),
        background=_background(entry.get("background", {}), f"{where}, background"),
        futures=futures,
        concurrent=concurrent or threads,
        threads=threads,
        calls=tuple(
            _call(call, f"{where}, call {n}")
            for n, call in enumerate(_list(entry.get("calls", []), f"{where}, calls"), 1)
        ),
        description=_string(entry.get("description", ""), f"{where}, description"),
        dialect=_dialect(entry, f"{where}, dialect"),
    )
    if threads and (number := unlike_in_a_round(scenario)) is not None:
        what = "futures on threads with one client, operation and round must be equal"
        _fail(
            f"{where}, future {number}", what, "give each the same steps and observer, or another operation"
        )
    return scenario


def _dialect(entry: Mapping[str, object], where: str) -> str | None:
    if "dialect" not in entry:
        return None
    name = _string(entry["dialect"], where)
    try:
        dialect_named(name)
    except ScriptError as error:
        raise ScenarioError(f"{where}: {error}") from error
    return name


def _epoch(data: object, where: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not _EARLIEST <= data < _LATEST:
        _fail(where, expected_got("seconds", _named(data)), f"write a number from {_EARLIEST:g}")
    return float(data)


def _uptime(entry: Mapping[str, object], where: str) -> float | None:
    if "uptime" not in entry:
        return None
    seconds = _seconds(entry["uptime"], where)
    if seconds >= _ROUND_OF_32_BITS:
        _fail(where, f"{seconds:g} s are more than 2**32 ms", "write a number below 4294967")
    return seconds


def _time_zone(entry: Mapping[str, object], where: str) -> str | None:
    if "time_zone" not in entry:
        return None
    zone = _string(entry["time_zone"], where)
    if not zone or not zone.isascii() or not zone.isprintable():
        _fail(where, f"{zone!r} is no time zone", "write a name such as Europe/Berlin")
    return zone


def _read_timeout(entry: Mapping[str, object], where: str) -> float | None:
    if "read_timeout" not in entry:
        return None
    seconds = _seconds(entry["read_timeout"], where)
    if not 0 < seconds <= _MOST_REAL_SECONDS:
        _fail(where, f"{seconds:g} s pass in real time", f"write at most {_MOST_REAL_SECONDS:g}")
    return seconds


def _base_path(data: object, where: str) -> str:
    path = _string(data, where)
    if path and not re.fullmatch(r"(/[\w.-]+)+", path, re.ASCII):
        _fail(where, f"{path!r} is no path of a base URL", "write one such as /team/tinker")
    return path


def _check_threads(entry: Mapping[str, object], futures: Sequence[FutureSpec], where: str) -> None:
    if "concurrent" in entry:
        _fail(where, "'threads' already makes futures concurrent", "remove 'concurrent'")
    for number, future in enumerate(futures, 1):
        if moves_within_a_round(future):
            place = f"{where}, future {number}"
            fix = "move the clocks with 'before' at the first future of the next round"
            _fail(place, "a future on threads can neither move the clocks nor have a timeout", fix)


def _clients(entry: Mapping[str, object], where: str) -> tuple[ClientSpec, ...]:
    if "client" in entry and "clients" in entry:
        _fail(where, "'client' and 'clients' cannot be combined", "remove one of them")
    if "client" in entry:
        return (_client("client", {"kind": entry["client"]}, f"{where}, client"),)
    named = _mapping(entry.get("clients", {}), f"{where}, clients", None)
    _check_number(named, _MOST_CLIENTS, f"{where}, clients")
    clients = tuple(_client(name, data, f"{where}, client {name}") for name, data in named.items())
    if not clients and "futures" in entry:
        _fail(
            where,
            "the scenario has futures and no client",
            "add 'client: sampling', or 'clients' with a kind each",
        )
    return clients


def _client(name: str, data: object, where: str) -> ClientSpec:
    entry = _mapping(data, where, _CLIENT_KEYS)
    if "kind" not in entry:
        _fail(where, "a client needs a 'kind'", f"add 'kind: ' and one of {', '.join(ClientKind)}")
    kind = _choice(entry["kind"], ClientKind, f"{where}, kind")
    identifier = _string(entry.get("id", _DEFAULT_IDS[kind]), f"{where}, id")
    base_model = identifier if kind is ClientKind.MODEL_CREATION else _BASE_MODEL
    checkpoint = entry.get("checkpoint")
    optimizer = _flag(entry.get("optimizer", False), f"{where}, optimizer")
    if checkpoint is not None and kind is not ClientKind.MODEL_CREATION:
        _fail(where, f"a {kind} client has no checkpoint", "use the kind model_creation")
    if optimizer and checkpoint is None:
        _fail(where, "'optimizer' is a part of a checkpoint, and there is none", "add 'checkpoint'")
    model_path = entry.get("model_path", f"tinker://{identifier}/weights/1")
    return ClientSpec(
        name=name,
        kind=kind,
        id=identifier,
        model_path=None if model_path is None else _string(model_path, f"{where}, model_path"),
        base_model=_string(entry.get("base_model", base_model), f"{where}, base_model"),
        checkpoint=None if checkpoint is None else _string(checkpoint, f"{where}, checkpoint"),
        optimizer=optimizer,
    )


def _setup(data: object, where: str) -> tuple[SetupReplies, ...]:
    named = _mapping(data, where, None)
    replies = []
    for path, steps in named.items():
        place = f"{where}, {path}"
        try:
            made = setup_replies(path, *_steps(_list(steps, place), place))
        except ScriptError as error:
            raise ScenarioError(f"{place}: {error}") from error
        if made.path in SUBMISSION_PATHS:
            raise ScenarioError(f"{place}: {made.name} is a submission; give its future `submission` steps")
        replies.append(made)
    return tuple(replies)


def _client_config(data: object, where: str) -> Mapping[str, object]:
    named = _mapping(data, where, None)
    try:
        return {name: copied(value) for name, value in named.items()}
    except ScriptError as error:
        raise ScenarioError(f"{where}: {error}") from error


def _background(data: object, where: str) -> tuple[SetupReplies, ...]:
    named = _mapping(data, where, _BACKGROUND)
    return _setup(named, where)


def _futures(data: object, clients: Sequence[ClientSpec], where: str) -> tuple[FutureSpec, ...]:
    futures = _list(data, f"{where}, futures")
    _check_number(futures, _MOST_FUTURES, f"{where}, futures")
    by_name = {client.name: client for client in clients}
    decoded: list[FutureSpec] = []
    steps = 0
    for number, entry in enumerate(futures, 1):
        decoded.append(_future(entry, by_name, f"{where}, future {number}"))
        steps += len(decoded[-1].script.steps)
        if steps > MAX_STEPS:
            _fail(where, f"the futures have more than {MAX_STEPS} steps in all", "use 'exhausted: repeat'")
    ids = Counter(future.server_id(number) for number, future in enumerate(decoded, 1))
    if twice := next((each for each, times in ids.items() if times > 1), None):
        _fail(where, f"two futures have the id {twice!r}", "give each an id of its own, or leave 'id' out")
    return tuple(decoded)


def _future(data: object, by_name: Mapping[str, ClientSpec], where: str) -> FutureSpec:
    if isinstance(data, list):
        data = {"steps": data}
    entry = _mapping(data, where, _FUTURE_KEYS)
    if "client" in entry:
        name = _string(entry["client"], f"{where}, client")
        if name not in by_name:
            _fail(where, f"there is no client {name!r}", _suggestion(name, tuple(by_name)))
    elif len(by_name) == 1:
        name = next(iter(by_name))
    else:
        _fail(where, "the future does not name its client", f"add 'client: ' and one of {', '.join(by_name)}")
    kind = by_name[name].kind
    operation = _choice(entry.get("operation", DEFAULT_OPERATION[kind]), Operation, f"{where}, operation")
    if operation not in OPERATIONS_OF[kind]:
        allowed = ", ".join(sorted(OPERATIONS_OF[kind]))
        _fail(where, f"a {kind} client has no operation {operation}", f"use one of {allowed}")
    timeout = entry.get("timeout")
    cancels = _flag(entry.get("cancels", False), f"{where}, cancels")
    if cancels and timeout is None:
        _fail(where, "'cancels' says what happens after a 'timeout', and there is none", "add 'timeout'")
    return FutureSpec(
        client=name,
        operation=operation,
        script=_script(entry, where),
        observer=_choice(entry.get("observer", ObserverUse.DEFAULT), ObserverUse, f"{where}, observer"),
        timeout=None if timeout is None else _seconds(timeout, f"{where}, timeout"),
        cancels=cancels,
        before=_advances(entry.get("before", []), f"{where}, before"),
        id=_future_id(entry["id"], f"{where}, id") if "id" in entry else None,
    )


def _future_id(data: object, where: str) -> str:
    text = _string(data, where)
    if not text:
        _fail(where, "the id is empty", "write the id that the server gives the future, or leave it out")
    return text


def _script(entry: Mapping[str, object], where: str) -> Script:
    steps = _steps(entry.get("steps", []), where)
    submission = _steps(_list(entry.get("submission", []), f"{where}, submission"), f"{where}, submission")
    exhausted = _choice(entry.get("exhausted", Exhausted.FAIL), Exhausted, f"{where}, exhausted")
    try:
        return Script(steps, exhausted, submission)
    except ScriptError as error:
        raise ScenarioError(f"{where}: {error}") from error


def _advances(data: object, where: str) -> tuple[Advance, ...]:
    steps = _steps(_list(data, where), where)
    advances = tuple(step for step in steps if isinstance(step, Advance))
    if len(advances) != len(steps):
        _fail(
            where,
            "'before' takes only clock steps, got a reply",
            "keep the {advance: …} steps",
        )
    return advances


def _steps(data: object, where: str) -> tuple[Step, ...]:
    try:
        return decode_steps(_without_shorthand(data), where)
    except ScriptError as error:
        raise ScenarioError(str(error)) from error


def _without_shorthand(data: object) -> object:
    """Return the steps with each `{pause: BODY}` replaced by a 408 and a try_again.

    Some SDKs notice a pause only in a 408, others only in a try_again. With both replies, a scenario about
    something else shows a pause to each of them.
    """
    if not isinstance(data, list):
        return data
    steps: list[object] = []
    for step in data:
        if isinstance(step, dict) and set(step) == {"pause"}:
            steps += [{"timeout": step["pause"]}, {"try_again": step["pause"]}]
        else:
            steps.append(step)
    return steps


def _call(data: object, where: str) -> FunctionCall:
    entry = _mapping(data, where, _CALL_KEYS)
    function = _string(entry.get("function"), f"{where}, function")
    if function not in FUNCTIONS:
        _fail(where, f"there is no function {function!r}", _suggestion(function, FUNCTIONS))
    arguments = _list(entry.get("arguments", []), f"{where}, arguments")
    _check_number(arguments, _MOST_ARGUMENTS, f"{where}, arguments")
    try:
        return FunctionCall(function=function, arguments=tuple(copied(value) for value in arguments))
    except ScriptError as error:
        raise ScenarioError(f"{where}, arguments: {error}") from error


def _fail(where: str, problem: str, fix: str) -> NoReturn:
    raise ScenarioError(f"{where}: {problem}; {fix}")


def _check_number(entries: Sized, most: int, where: str) -> None:
    if len(entries) > most:
        _fail(where, expected_got(f"at most {most} entries", len(entries)), "make several scenarios")


def _named(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {str(value)[:60]!r}"


def _suggestion(wrong: str, known: Sequence[str]) -> str:
    return suggestion(wrong, known, f"use one of {', '.join(known)}")


def _mapping(data: object, where: str, keys: Sequence[str] | None) -> dict[str, object]:
    if not isinstance(data, dict):
        _fail(where, expected_got("a mapping", _named(data)), "write 'key: value' lines")
    for key in data:
        if not isinstance(key, str):
            _fail(where, f"the key {key!r} is not a string", "quote it")
        if keys is not None and key not in keys:
            _fail(where, f"unknown key {key!r}", _suggestion(key, keys))
    return cast("dict[str, object]", data)


def _list(data: object, where: str) -> list[object]:
    if not isinstance(data, list):
        _fail(where, expected_got("a list", _named(data)), "begin each entry with '- '")
    return data


def _string(data: object, where: str) -> str:
    if not isinstance(data, str):
        _fail(
            where,
            expected_got("a string", _named(data)),
            "write a string, or quote it",
        )
    return data


def _flag(data: object, where: str) -> bool:
    if not isinstance(data, bool):
        _fail(where, expected_got("true or false", _named(data)), "write true or false")
    return data


def _seconds(data: object, where: str) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not 0 <= data < _LATEST:
        _fail(where, expected_got("seconds", _named(data)), "write a number, 0 or more")
    return float(data)


def _choice(data: object, choices: type[_E], where: str) -> _E:
    try:
        return choices(cast("str", data))
    except ValueError:
        text = data if isinstance(data, str) else _named(data)
        _fail(where, f"{text!r} is not known", _suggestion(str(text), [choice.value for choice in choices]))
