"""Make the result of a sample: sequences with stop reasons and log-probabilities, and those of the prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fake_server.core.byte_text import tokens_of
from fake_server.core.seeded_numbers import Draws, digest, single
from fake_server.service.language_model import START, Source
from fake_server.service.models import CONTEXT_LENGTH
from fake_server.service.prompts import likeliest, of_prompt
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, items, mapping, prompt_tokens
from fake_server.service.tempering import Chooser, Shaping
from fake_server.service.work import Json

MAX_SAMPLES: Final = 4096
DEFAULT_MAX_TOKENS: Final = 256
MAX_SAMPLED: Final = 200_000
"""Greatest number of tokens in one result. So many take some seconds, during which the service answers no
other request.
"""
END: Final = 0
"""The token that ends a sequence if the request has no stop."""
ENDING: Final = 1 / 16
"""The probability, before each token, that the sampler ends the sequence with the request's first stop."""


@dataclass(frozen=True, slots=True)
class _Params:
    max_tokens: int
    shaping: Shaping
    stops: tuple[tuple[int, ...], ...]
    named: bool

    @property
    def may_end(self) -> bool:
        """Return whether the sampler may end the sequence with a stop that the model has not learned."""
        return bool(self.shaping.temperature and self.named and self.stops)

    @classmethod
    def of(cls, request: Mapping[str, object]) -> _Params:
        given = mapping(request.get("sampling_params"))
        limit = integer(given.get("max_tokens"), DEFAULT_MAX_TOKENS)
        stops = _stops(given.get("stop"))
        named = given.get("stop") is not None
        return cls(min(max(limit, 0), CONTEXT_LENGTH), Shaping.of(given), stops, named=named)


def sampled(source: Source, request: Mapping[str, object], seed: int, drawn_for: tuple[object, ...]) -> Json:
    """Return the result of a ``sample`` or ``compute_logprobs`` request, in JSON form.

    Args:
        source: The model to sample from.
        request: The decoded body, as any release sends it.
        seed: The seed of the service.
        drawn_for: Values that identify the random draws. Other values give other samples, unless
            ``sampling_params`` has a ``seed`` or the temperature is 0.

    Raises:
        ServiceRefusal: A token of the prompt is not in the vocabulary, or a number is out of range.
    """
    prompt = prompt_tokens(request.get("prompt"))
    params = _Params.of(request)
    own = mapping(request.get("sampling_params")).get("seed")
    draw = digest(
        seed,
        "sample",
        source.base_model.name,
        prompt,
        params.shaping.temperature,
        own if isinstance(own, int) else drawn_for,
    )
    chooser = Chooser(source, params.shaping)
    count = min(max(integer(request.get("num_samples"), 1), 0), MAX_SAMPLES)
    sequences: list[Json] = []
    left = MAX_SAMPLED
    for place in range(count):
        sequences.append(_sequence(source, prompt, params, chooser, Draws(digest(draw, place)), request))
        left -= len(items(sequences[-1]["tokens"]))
        if left < 0:
            raise ServiceRefusal(
                f"more than {MAX_SAMPLED} tokens in one request; ask for fewer samples, or give max_tokens"
            )
    about = of_prompt(source, prompt, request, chooser, Draws(digest(draw, "prompt")))
    return {"type": "sample", "sequences": sequences, **about}


def logprobs_of(source: Source, request: Mapping[str, object], tokens: Sequence[int]) -> list[float]:
    """Return the log-probability of each token of a sequence, as if the model had sampled it for a request.

    Args:
        source: The model.
        request: The decoded body, with the prompt.
        tokens: The sequence.

    Raises:
        ServiceRefusal: A token is not in the vocabulary, or a sampling parameter is out of range.
    """
    prompt = prompt_tokens(request.get("prompt"))
    chooser = Chooser(source, _Params.of(request).shaping)
    contexts = [prompt[-1] if prompt else START, *tokens]
    return single([chooser.logprob(context, token) for context, token in zip(contexts, tokens, strict=False)])


def _sequence(  # noqa: PLR0917 - what a sequence depends on
    source: Source,
    prompt: list[int],
    params: _Params,
    chooser: Chooser,
    draws: Draws,
    request: Mapping[str, object],
) -> Json:
    context = prompt[-1] if prompt else START
    tokens: list[int] = []
    logprobs: list[float] = []
    topk: list[list[list[object]]] = []
    rank = integer(request.get("topk_sample_logprobs"), 0)
    ending: list[int] = []
    stopped = False
    while len(tokens) < params.max_tokens and not stopped:
        if params.may_end and not ending and draws.next() < ENDING:
            ending = list(params.stops[0])
        token = ending.pop(0) if ending else chooser.chosen(context, draws)
        logprobs.append(chooser.logprob(context, token))
        if rank > 0:
            topk.append(likeliest(source, context, rank))
        tokens.append(token)
        context = token
        stopped = any(tuple(tokens[-len(stop) :]) == stop for stop in params.stops)
    sequence: Json = {
        "stop_reason": "stop" if stopped else "length",
        "tokens": tokens,
        "logprobs": single(logprobs),
    }
    return sequence | ({"topk_sampled_logprobs": topk} if rank > 0 else {})


def _stops(value: object) -> tuple[tuple[int, ...], ...]:
    """Return the stops of a request as token sequences; a stop string becomes the tokens of its bytes."""
    if value is None:
        return ((END,),)
    given = [value] if isinstance(value, str) else items(value)
    stops: list[tuple[int, ...]] = []
    for each in given:
        if isinstance(each, str) and each:
            stops.append(tuple(tokens_of(each)))
        elif isinstance(each, int) and not isinstance(each, bool):
            stops.append((each,))
        else:
            raise ServiceRefusal(f"{each!r} is not a stop; give non-empty strings, or token ids")
    return tuple(stops)
