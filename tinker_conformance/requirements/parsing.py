"""Requirements on how an SDK reads the words of a queue state."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.conditions import (
    ends_the_poll_on_containers_in_try_again,
    exact_parsing,
    ignores_containers_on_408,
    lenient_parsing,
    notifies_on_408,
    reads_containers_on_408_as_unknown,
)
from tinker_conformance.requirements.model import Level, Requirement

REQUIREMENTS: Final = (
    Requirement(
        id="parsing.known_states",
        sentence="The queue states active, paused_capacity and paused_rate_limit are recognized.",
        source="official SDK, every release; seed, 'Python Implementation - QueueState Enum & Observer ABC'",
        scenarios=(
            "parsing-known-states",
            "parsing-known-states-training",
            "parsing-known-states-model-creation",
        ),
        check=same(seen.notified_states),
    ),
    Requirement(
        id="parsing.other_words",
        sentence="Any other queue state is read as unknown, which counts as a pause.",
        source="official SDK, every release; seed, 'Python Implementation - QueueState Enum & Observer ABC'",
        scenarios=(
            "parsing-other-words",
            "parsing-other-words-training",
            "parsing-other-words-model-creation",
        ),
        check=same(seen.notified_states),
    ),
    Requirement(
        id="parsing.case_sensitive",
        sentence=(
            "Letter case matters: a known queue state in another case, such as ACTIVE, is read as unknown."
        ),
        source="official SDK, every release; seed, 'Python Implementation - QueueState Enum & Observer ABC'",
        scenarios=(
            "parsing-case",
            "parsing-case-of-active",
            "parsing-spelling-training",
            "parsing-spelling-model-creation",
        ),
        check=same(seen.notified_states),
        holds=exact_parsing,
    ),
    Requirement(
        id="parsing.spaces_count",
        sentence="Spaces matter: a known queue state with spaces around it is read as unknown.",
        source="official SDK, every release; seed, 'Python Implementation - QueueState Enum & Observer ABC'",
        scenarios=(
            "parsing-spaces",
            "parsing-spelling-training",
            "parsing-spelling-model-creation",
        ),
        check=same(seen.notified_states),
        holds=exact_parsing,
    ),
    Requirement(
        id="parsing.ignores_case",
        sentence="A known queue state is recognized in any letter case.",
        source="seed, 'The Gap Explained': QueueState.parse/1 ignores case",
        scenarios=("parsing-case", "parsing-case-of-active", "parsing-spelling-training"),
        check=same(seen.notified_states),
        holds=lenient_parsing,
    ),
    Requirement(
        id="parsing.trims",
        sentence="Spaces around a known queue state are ignored.",
        source="Tinkex 0.4.0, Types.QueueState.parse/1",
        scenarios=("parsing-spaces", "parsing-spelling-training"),
        check=same(seen.notified_states),
        holds=lenient_parsing,
    ),
    Requirement(
        id="parsing.numbers",
        sentence="A queue state that is a number or true, not a string, is read as unknown.",
        source="official SDK, measured in every revision",
        scenarios=(
            "parsing-numbers",
            "parsing-numbers-training",
            "parsing-numbers-model-creation",
        ),
        check=same(seen.notified_states),
        holds=notifies_on_408,
        level=Level.QUIRK,
    ),
    Requirement(
        id="parsing.containers_are_unknown",
        sentence="A 408 whose queue state is a list or an object is read as unknown.",
        source="official SDK 0.1.0 to 0.20.0, measured",
        scenarios=(
            "parsing-containers",
            "parsing-containers-training",
            "parsing-containers-model-creation",
        ),
        check=same(seen.notified_states),
        holds=reads_containers_on_408_as_unknown,
        level=Level.QUIRK,
    ),
    Requirement(
        id="parsing.containers_are_silent",
        sentence="A 408 whose queue state is a list or an object does not notify the observer.",
        source="official SDK since 0.21.0, measured",
        scenarios=(
            "parsing-containers",
            "parsing-containers-training",
            "parsing-containers-model-creation",
        ),
        check=same(seen.notified_states),
        holds=ignores_containers_on_408,
        level=Level.QUIRK,
    ),
    Requirement(
        id="parsing.containers_end_the_poll",
        sentence="A try_again whose queue state is a list or an object ends the future with an error.",
        source="official SDK since 0.21.0, measured",
        scenarios=(
            "parsing-containers-in-try-again",
            "parsing-containers-in-try-again-training",
            "parsing-containers-in-try-again-model-creation",
        ),
        check=same(seen.poll_counts, seen.outcomes),
        holds=ends_the_poll_on_containers_in_try_again,
        level=Level.QUIRK,
    ),
)
