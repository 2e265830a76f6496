"""Log-probabilities in a prompt, at each position: of the prompt's token, of likely and of requested ones.

The optional parts (``prompt_logprobs_last_n``, ``target_prompt_logprobs``, ``prompt_alt_tokens_k``) are those
of ``tinker`` 0.38.0 (``SampleRequest``). The first token of a prompt has no predecessor, and therefore no
log-probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from fake_server.core.seeded_numbers import Draws, single
from fake_server.service.language_model import Source, contexts
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, items, mapping
from fake_server.service.tempering import Chooser
from fake_server.service.work import Json

MAX_CANDIDATES: Final = 100
"""Greatest number of most likely tokens, or of drawn tokens, at one position."""


def of_prompt(
    source: Source,
    prompt: list[int],
    request: Mapping[str, object],
    chooser: Chooser,
    draws: Draws,
) -> Json:
    """Return the fields of a sampling result that are about the prompt, in JSON form.

    Args:
        source: The model.
        prompt: The tokens of the prompt.
        request: The decoded body, which says which fields are wanted.
        chooser: Draws tokens as the request's sampling parameters say.
        draws: The random numbers for the drawn tokens.

    Raises:
        ServiceRefusal: A token is not in the vocabulary, or a number is out of range.
    """
    model, weights = source.base_model, source.weights
    result: Json = {"prompt_logprobs": None, "topk_prompt_logprobs": None}
    unscored = _unscored(prompt, request)
    if request.get("prompt_logprobs"):
        values = single(model.logprob(before, token, weights) for before, token in contexts(prompt))
        result["prompt_logprobs"] = [*[None] * unscored, *values[unscored:]]
    if (rank := integer(request.get("topk_prompt_logprobs"), 0)) > 0:
        rows = [likeliest(source, before, rank) for before in prompt[:-1]]
        result["topk_prompt_logprobs"] = [*[None] * unscored, *rows[max(unscored - 1, 0) :]]
    if wanted := mapping(request.get("target_prompt_logprobs")):
        result["target_prompt_logprobs"] = _targets(source, prompt, wanted)
    if (count := integer(request.get("prompt_alt_tokens_k"), 0)) > 0:
        result["prompt_alt_tokens"] = _alternatives(
            source, prompt, min(count, MAX_CANDIDATES), chooser, draws
        )
    return result


def likeliest(source: Source, context: int, rank: int) -> list[list[object]]:
    """Return the most likely tokens to follow a token, as pairs of token id and log-probability.

    Args:
        source: The model.
        context: The token before.
        rank: How many tokens.
    """
    found = source.base_model.likeliest(context, source.weights, min(rank, MAX_CANDIDATES))
    values = single(logprob for _, logprob in found)
    return [[token, value] for (token, _), value in zip(found, values, strict=True)]


def _unscored(prompt: list[int], request: Mapping[str, object]) -> int:
    first = min(len(prompt), 1)
    last = request.get("prompt_logprobs_last_n")
    if last is None:
        return first
    if not isinstance(last, int) or not 1 <= last <= len(prompt) - 1:
        raise ServiceRefusal(f"prompt_logprobs_last_n is {last!r}; give 1 to {len(prompt) - 1}")
    return len(prompt) - last


def _targets(source: Source, prompt: list[int], wanted: Mapping[str, object]) -> Json:
    """Return the log-probabilities of the tokens that a request names, in the request's shape and layout."""
    model, weights = source.base_model, source.weights
    tokens = [integer(token, -1) for token in items(wanted.get("data"))]
    shape = [integer(extent, 0) for extent in items(wanted.get("shape"))]
    if len(shape) != 2 or shape[0] != len(prompt) - 1:
        raise ServiceRefusal(
            f"target_prompt_logprobs has the shape {shape}; give [{len(prompt) - 1}, K] for this prompt"
        )
    ends = wanted.get("sparse_crow_indices")
    if ends is None:
        rows = [row for row in range(shape[0]) for _ in range(shape[1])]
    else:
        marks = [integer(end, 0) for end in items(ends)]
        rows = [row for row, (begin, end) in enumerate(pairwise(marks)) for _ in range(end - begin)]
    if len(rows) != len(tokens):
        raise ServiceRefusal(
            f"target_prompt_logprobs has {len(tokens)} tokens for {len(rows)} cells; make them agree"
        )
    values = single(
        0.0 if token == -1 else model.logprob(prompt[row], token, weights)
        for row, token in zip(rows, tokens, strict=True)
    )
    layout = {key: wanted[key] for key in ("sparse_crow_indices", "sparse_col_indices") if key in wanted}
    return {"data": values, "dtype": "float32", "shape": shape, **layout}


def _alternatives(source: Source, prompt: list[int], count: int, chooser: Chooser, draws: Draws) -> Json:
    model, weights = source.base_model, source.weights
    tokens: list[int] = []
    logprobs: list[float] = []
    for before in prompt[:-1]:
        for _ in range(count):
            token = chooser.chosen(before, draws)
            tokens.append(token)
            logprobs.append(model.logprob(before, token, weights))
    shape = [max(len(prompt) - 1, 0), count]
    return {
        "tokens": {"data": tokens, "dtype": "int32", "shape": shape},
        "logprobs": {"data": single(logprobs), "dtype": "float32", "shape": shape},
    }
