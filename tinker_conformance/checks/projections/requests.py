"""Projections of the contents of requests: API key, client, sequence numbers, and fields of the body."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from tinker_conformance.checks.case import Case
from tinker_conformance.checks.facts import Fact
from tinker_conformance.timeline import Request, Timeline

_NAMES: Final = ("model_id", "sampling_session_id", "model_path", "base_model")
"""The fields by which a submission names its client."""


def request_keys(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield where each request carries the API key, once for each kind of request."""
    seen: set[str] = set()
    for place, request, name, _ in _requests(timeline):
        where = "no API key" if request.key is None else f"the API key in {request.key}"
        statement = f"{name} with {where}"
        if statement not in seen:
            seen.add(statement)
            yield Fact(("key", name), request.at, statement, statement, place)


def request_paths(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the paths to which each kind of request is sent, each path once."""
    seen: set[str] = set()
    for place, request, name, _ in _requests(timeline):
        statement = f"{name} at {request.path}"
        if statement not in seen:
            seen.add(statement)
            yield Fact(("path", name), request.at, statement, statement, place)


def request_clients(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield how each submission names its client: by which field, and with which value."""
    for place, request, name, number in _submissions(timeline):
        body = request.body or {}
        named = [f"{field} {body[field]!r}" for field in _NAMES if body.get(field) is not None]
        statement = f"{name} {number} with {' and '.join(named) or 'no name of its client'}"
        yield Fact(("client", name, number), request.at, statement, statement, place)


def request_numbers(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield whether each submission has a `seq_id` greater than all earlier ones of its client."""
    greatest: dict[str | None, int] = {}
    numbered: set[str | None] = set()
    for place, request, name, number in _submissions(timeline):
        given = (request.body or {}).get("seq_id")
        before = greatest.get(request.client)
        if not isinstance(given, int) or isinstance(given, bool):
            says = shown = "without a seq_id"
        elif before is None or given > before:
            greatest[request.client] = given
            says = "with a greater seq_id" if request.client in numbered else "with a seq_id"
            shown = f"with the seq_id {given}"
        else:
            says = "with a seq_id that is not greater"
            shown = f"with the seq_id {given} after {before}"
        numbered.add(request.client)
        yield Fact(
            ("seq", name, number),
            request.at,
            f"{name} {number} {says}",
            f"{name} {number} {shown}",
            place,
        )


def repeated_numbers(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield whether a submission that is sent again for a future carries the same `seq_id` as before."""
    before: dict[int | None, object] = {}
    for place, request, name, number in _submissions(timeline):
        given = (request.body or {}).get("seq_id")
        if request.future in before:
            same = "the same" if given == before[request.future] else "another"
            statement = f"{name} {number} with {same} seq_id as before"
            shown = f"{name} {number} with the seq_id {_json(given)} after {_json(before[request.future])}"
            yield Fact(("seq again", name, number), request.at, statement, shown, place)
        before[request.future] = given


def request_contents(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the fields of each submission that all releases send: the value, or only that there is one."""
    for place, request, name, number in _submissions(timeline):
        for field, what in _contents(request.path.rpartition("/")[2], request.body or {}):
            statement = f"{name} {number} with {field} {what}"
            yield Fact(("field", name, number, field), request.at, statement, statement, place)


def request_order(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the path of each submission, in order."""
    for number, (place, request, name, _) in enumerate(_submissions(timeline), 1):
        statement = f"submission {number} to {name}"
        yield Fact(("order", number), request.at, statement, statement, place)


def loaded_paths(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the path of each load of a saved state."""
    for place, request, name, number in _submissions(timeline):
        if name == "load_weights":
            statement = f"load {number} of {(request.body or {}).get('path')}"
            yield Fact(("load", number), request.at, statement, statement, place)


def polled_ids(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield the id of the future in each poll."""
    for place, request, name, number in _requests(timeline):
        if request.is_poll:
            statement = f"{name} {number} of {_json((request.body or {}).get('request_id'))}"
            yield Fact(("id", name, number), request.at, statement, statement, place)


def request_metadata(case: Case, timeline: Timeline) -> Iterator[Fact]:
    """Yield whether each poll allows a reply with the result's size alone (`allow_metadata_only`)."""
    for place, request, name, number in _requests(timeline):
        if request.iteration is not None:
            allowed = (request.body or {}).get("allow_metadata_only", False)
            statement = f"{name} {number} with allow_metadata_only {_json(allowed)}"
            yield Fact(("metadata", name, number), request.at, statement, statement, place)


def _contents(path: str, body: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    match path:
        case "asample":
            yield "num_samples", _json(body.get("num_samples"))
            yield "prompt", _prompt(body.get("prompt"))
            yield "sampling_params", _an_object(body.get("sampling_params"))
            yield "prompt_logprobs", _json(bool(body.get("prompt_logprobs")))
        case "forward" | "forward_backward":
            field = "forward_input" if path == "forward" else "forward_backward_input"
            given = body.get(field)
            yield field, _an_object(given)
            yield "data", _data(given.get("data") if isinstance(given, dict) else None)
            yield "loss_fn", _json(given.get("loss_fn") if isinstance(given, dict) else None)
            yield "forward_only", _json(bool(body.get("forward_only")))
        case "optim_step":
            yield "adam_params", _an_object(body.get("adam_params"))
        case "load_weights":
            yield "path", _a_text(body.get("path"))
            yield "optimizer", _json(bool(body.get("optimizer")))
        case _:
            pass


def _prompt(value: object) -> str:
    chunks = value.get("chunks") if isinstance(value, dict) else None
    tokens = [
        token
        for chunk in (chunks if isinstance(chunks, list) else [])
        if isinstance(chunk, dict) and isinstance(chunk.get("tokens"), list)
        for token in chunk["tokens"]
    ]
    return "of tokens" if tokens else "without tokens"


def _data(value: object) -> str:
    """Return the fact about a batch: whether it repeats an item; the contents of items are not compared."""
    data = [json.dumps(datum, sort_keys=True) for datum in value] if isinstance(value, list) else []
    return "each once" if len(set(data)) == len(data) else "more than once"


def _an_object(value: object) -> str:
    return "as an object" if isinstance(value, dict) else f"as {_json(value)}"


def _a_text(value: object) -> str:
    return "as text" if isinstance(value, str) and value else f"as {_json(value)}"


def _json(value: object) -> str:
    match value:
        case None | bool() | int() | float() | str():
            return json.dumps(value)
        case _:
            return "a list or an object"


def _submissions(timeline: Timeline) -> Iterator[tuple[int, Request, str, int]]:
    for place, request, name, number in _requests(timeline):
        if not request.is_poll:
            yield place, request, name, number


def _requests(timeline: Timeline) -> Iterator[tuple[int, Request, str, int]]:
    """Yield each request: its index, itself, its path's last part, and its number for that path, from 1."""
    numbers: Counter[str] = Counter()
    for place, event in enumerate(timeline):
        match event:
            case Request(path=path):
                name = path.rpartition("/")[2]
                numbers[name] += 1
                yield place, event, name, numbers[name]
            case _:
                pass
