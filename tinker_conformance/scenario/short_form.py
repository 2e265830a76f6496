"""Write scenarios as a person would: as YAML, with shorthands for steps and with defaults omitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import yaml

from tinker_conformance.scenario.decoding import decode_scenario
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.scenario import DEFAULT_OPERATION, Scenario

_WIDTH: Final = 110


def scenario_yaml(scenarios: Iterable[Scenario]) -> str:
    """Return the text of a scenario file, from which `load_scenarios` reads the same scenarios."""
    return "\n".join(_text(scenario) for scenario in scenarios)


def _text(scenario: Scenario) -> str:
    dumped: str = yaml.safe_dump(
        [_short(scenario)], default_flow_style=None, sort_keys=False, width=_WIDTH, allow_unicode=True
    )
    return dumped


def _short(scenario: Scenario) -> dict[str, object]:
    data = encode_scenario(scenario)
    match scenario.clients:
        case (only,):
            default = decode_scenario(
                {"id": scenario.id, "client": only.kind.value, "futures": [[]]}, scenario.id
            ).clients[0]
            unnamed = only.name == default.name
            if only == default:
                del data["clients"]
                rest = data.pop("futures")
                data = {**data, "client": only.kind.value, "futures": rest}
        case _:
            unnamed = False
    if scenario.futures:
        data["futures"] = [
            _short_future(scenario, number, unnamed=unnamed) for number in range(len(scenario.futures))
        ]
    return data


def _short_future(scenario: Scenario, place: int, *, unnamed: bool) -> object:
    data = encode_scenario(scenario)["futures"]
    assert isinstance(data, list)  # noqa: S101 - narrows
    entry = dict(data[place])
    future = scenario.futures[place]
    if unnamed:
        del entry["client"]
    if future.operation is DEFAULT_OPERATION[scenario.client(future.client).kind]:
        del entry["operation"]
    return entry["steps"] if list(entry) == ["steps"] else entry
