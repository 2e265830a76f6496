"""Read values of decoded requests; a value of an unexpected type counts as absent."""

from __future__ import annotations

from collections.abc import Mapping


def integer(value: object, default: int) -> int:
    """Return the value if it is an integer, else the default."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def number(value: object, default: float) -> float:
    """Return the value if it is a number, else the default."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    try:
        return float(value)
    except OverflowError:
        return default


def text(value: object) -> str | None:
    """Return the value if it is a string that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def mapping(value: object) -> Mapping[str, object]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """Return the value if it is a list, else an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def prompt_tokens(model_input: object) -> list[int]:
    """Return the token ids of a model input in JSON form; each token of an image counts as 0."""
    tokens: list[int] = []
    for each in items(mapping(model_input).get("chunks")):
        chunk = mapping(each)
        if "tokens" in chunk:
            tokens += [integer(token, 0) for token in items(chunk["tokens"])]
        else:
            tokens += [0] * min(max(integer(chunk.get("expected_tokens"), 0), 0), 100_000)
    return tokens


def prompt_length(model_input: object) -> int:
    """Return the number of tokens of a model input in JSON form, including those of images."""
    length = 0
    for each in items(mapping(model_input).get("chunks")):
        chunk = mapping(each)
        if "tokens" in chunk:
            length += len(items(chunk["tokens"]))
        else:
            length += max(integer(chunk.get("expected_tokens"), 0), 0)
    return length


def size(shape: list[int]) -> int:
    """Return the number of elements of a tensor of this shape."""
    count = 1
    for extent in shape:
        count *= max(extent, 0)
    return count
