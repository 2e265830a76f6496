"""Write scenarios as plain data in the long form, with every key of every step."""

from __future__ import annotations

from fake_server.script.builder import Exhausted
from fake_server.script.script_yaml import encode_steps
from tinker_conformance.clocks.two_clocks import DEFAULT_EPOCH
from tinker_conformance.scenario.scenario import (
    FutureSpec,
    ObserverUse,
    Scenario,
)


def encode_scenario(scenario: Scenario) -> dict[str, object]:
    """Return a scenario as plain data in the long form, which `decode_scenario` reads back."""
    data: dict[str, object] = {"id": scenario.id}
    if scenario.description:
        data["description"] = scenario.description
    if scenario.epoch != DEFAULT_EPOCH:
        data["epoch"] = scenario.epoch
    data |= _surroundings(scenario)
    if scenario.dialect is not None:
        data["dialect"] = scenario.dialect
    if scenario.calls:
        data["calls"] = [
            {"function": call.function, "arguments": list(call.arguments)} for call in scenario.calls
        ]
        return data
    data["clients"] = {
        client.name: {
            "kind": client.kind.value,
            "id": client.id,
            "model_path": client.model_path,
            "base_model": client.base_model,
            **({} if client.checkpoint is None else {"checkpoint": client.checkpoint}),
            **({"optimizer": True} if client.optimizer else {}),
        }
        for client in scenario.clients
    }
    if scenario.setup:
        data["setup"] = {
            replies.name: encode_steps([turn.reply for turn in replies.turns]) for replies in scenario.setup
        }
    if scenario.client_config:
        data["client_config"] = dict(scenario.client_config)
    if scenario.background:
        data["background"] = {
            replies.name: encode_steps([turn.reply for turn in replies.turns])
            for replies in scenario.background
        }
    if scenario.threads:
        data["threads"] = True
    elif scenario.concurrent:
        data["concurrent"] = True
    data["futures"] = [_encode_future(future) for future in scenario.futures]
    return data


def _surroundings(scenario: Scenario) -> dict[str, object]:
    """Return the keys about the SDK's surroundings (clocks, URL, server), with defaults omitted."""
    values = {
        "uptime": scenario.uptime,
        "time_zone": scenario.time_zone,
        "base_path": scenario.base_path or None,
        "read_timeout": scenario.read_timeout,
    }
    return {key: value for key, value in values.items() if value is not None}


def _encode_future(future: FutureSpec) -> dict[str, object]:
    data: dict[str, object] = {"client": future.client, "operation": future.operation.value}
    if future.id is not None:
        data["id"] = future.id
    if future.observer is not ObserverUse.DEFAULT:
        data["observer"] = future.observer.value
    if future.timeout is not None:
        data["timeout"] = future.timeout
    if future.cancels:
        data["cancels"] = True
    if future.script.exhausted is not Exhausted.FAIL:
        data["exhausted"] = future.script.exhausted.value
    if future.before:
        data["before"] = encode_steps(future.before)
    if future.script.submission:
        data["submission"] = encode_steps(future.script.submission)
    data["steps"] = encode_steps(future.script.steps)
    return data
