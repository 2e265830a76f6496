"""Read the data of a forward pass: target tokens, the tokens before them, and further inputs of the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from fake_server.service.language_model import START
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, items, mapping, number, prompt_tokens, size, text

MAX_CELLS: Final = 10_000_000
"""Greatest number of values in one tensor; without a limit, a small sparse tensor could claim a huge shape.
"""


@dataclass(frozen=True, slots=True)
class Datum:
    """One datum (one training example) of a forward pass.

    Attributes:
        tokens: The target tokens, row by row.
        contexts: For each target token, the token before it.
        shape: The shape of the target tokens.
        inputs: The other inputs of the loss, by name, each as long as ``tokens``.
    """

    tokens: list[int]
    contexts: list[int]
    shape: list[int]
    inputs: Mapping[str, list[float]]

    def input(self, name: str) -> list[float]:
        """Return one input of the loss.

        Raises:
            ServiceRefusal: The datum has no input of that name.
        """
        found = self.inputs.get(name)
        if found is None:
            known = ", ".join(self.inputs) or "none"
            raise ServiceRefusal(
                f"the loss needs loss_fn_inputs[{name!r}]; add it (the datum has target_tokens and: {known})"
            )
        return found


@dataclass(frozen=True, slots=True)
class ForwardInput:
    """The input of a forward pass: the data, and the loss function with its configuration."""

    loss_fn: str
    config: Mapping[str, object]
    data: tuple[Datum, ...]


def forward_input(request: Mapping[str, object]) -> ForwardInput:
    """Return the input of a forward pass, from the decoded body that any release sends.

    The two endpoints use the keys ``forward_input`` and ``forward_backward_input`` (``tinker`` 0.1.0 to
    0.24.1). Since 0.25 clients send a pass as protobuf, which is decoded to the key
    ``forward_backward_input``.

    Raises:
        ServiceRefusal: A datum is invalid; the message names it.
    """
    given = mapping(request.get("forward_backward_input") or request.get("forward_input"))
    data = []
    for place, each in enumerate(items(given.get("data"))):
        try:
            data.append(_datum(mapping(each)))
        except ServiceRefusal as refusal:
            raise ServiceRefusal(f"datum {place}: {refusal}") from None
    return ForwardInput(
        text(given.get("loss_fn")) or "cross_entropy", mapping(given.get("loss_fn_config")), tuple(data)
    )


def _datum(datum: Mapping[str, object]) -> Datum:
    inputs = mapping(datum.get("loss_fn_inputs"))
    if "target_tokens" not in inputs:
        raise ServiceRefusal("loss_fn_inputs has no target_tokens; add them")
    numbers, shape = _tensor("target_tokens", inputs["target_tokens"])
    if not all(map(math.isfinite, numbers)):
        raise ServiceRefusal("target_tokens has values that are not token ids; give whole numbers")
    tokens = [int(token) for token in numbers]
    others: dict[str, list[float]] = {}
    for name, value in inputs.items():
        if name == "target_tokens":
            continue
        others[name], _ = _tensor(name, value)
        if len(others[name]) != len(tokens):
            raise ServiceRefusal(
                f"loss_fn_inputs[{name!r}] has {len(others[name])} numbers and target_tokens {len(tokens)}; "
                "give them one shape"
            )
    return Datum(tokens, _contexts(prompt_tokens(datum.get("model_input")), tokens, shape), shape, others)


def _contexts(prompt: list[int], tokens: list[int], shape: list[int]) -> list[int]:
    # Target i should follow token i of the input. If a position has several targets, all follow that token.
    row = size(shape[1:])
    rows = shape[0] if shape else len(tokens)
    if prompt and len(prompt) != rows:
        raise ServiceRefusal(
            f"target_tokens has {rows} places and model_input {len(prompt)} tokens; give each a target"
        )
    before = prompt or ([START, *tokens[::row]] if row else [])
    return [before[place // row] for place in range(len(tokens))]


def _tensor(name: str, value: object) -> tuple[list[float], list[int]]:
    tensor = mapping(value)
    data = [number(each, 0.0) for each in items(tensor.get("data"))]
    shape = [integer(extent, 0) for extent in items(tensor.get("shape"))] or [len(data)]
    if not 0 <= size(shape) <= MAX_CELLS:
        raise ServiceRefusal(
            f"loss_fn_inputs[{name!r}] has the shape {shape}; give at most {MAX_CELLS} numbers"
        )
    if tensor.get("sparse_crow_indices") is not None:
        data = _dense(data, tensor, shape)
    if len(data) != size(shape):
        raise ServiceRefusal(
            f"loss_fn_inputs[{name!r}] has {len(data)} numbers and the shape {shape}; make them agree"
        )
    return data, shape


def _dense(data: list[float], tensor: Mapping[str, object], shape: list[int]) -> list[float]:
    cells = [0.0] * size(shape)
    ends = [integer(end, 0) for end in items(tensor.get("sparse_crow_indices"))]
    columns = [integer(column, 0) for column in items(tensor.get("sparse_col_indices"))]
    width = shape[1] if len(shape) == 2 else 0
    for row, (begin, end) in enumerate(pairwise(ends)):
        for place in range(max(begin, 0), min(end, len(data), len(columns))):
            cell = row * width + columns[place]
            if 0 <= cell < len(cells):
                cells[cell] = data[place]
    return cells
