"""The words of a queue state."""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.projections import same
from tinker_conformance.profile.choices import Unparseable408, UnparseableTryAgain
from tinker_conformance.requirements.conditions import (
    exact_parsing,
    gates_try_again,
    lenient_parsing,
    tells_on_408,
)
from tinker_conformance.requirements.requirement import Level, Requirement

_SEED_GAP: Final = "seed, 'The Gap Explained'"
_PYTHON_PARSING: Final = (
    "official SDK, every release; seed, 'Python Implementation - QueueState Enum & Observer ABC'"
)
_MEASURED: Final = "official SDK since 0.21.0, measured"

PARSING: Final = (
    Requirement(
        "parsing.known_states",
        "The words active, paused_capacity and paused_rate_limit are read as these states.",
        _PYTHON_PARSING,
        ("parsing-known-states",),
        same(seen.told_states),
    ),
    Requirement(
        "parsing.other_words",
        "Any other word is the state unknown, which is a pause.",
        _PYTHON_PARSING,
        ("parsing-other-words",),
        same(seen.told_states),
    ),
    Requirement(
        "parsing.case_sensitive",
        "A known word in other case is the state unknown, ACTIVE included.",
        _PYTHON_PARSING,
        ("parsing-case", "parsing-case-of-active"),
        same(seen.told_states),
        holds=exact_parsing,
    ),
    Requirement(
        "parsing.spaces_count",
        "A known word with spaces around it is the state unknown.",
        _PYTHON_PARSING,
        ("parsing-spaces",),
        same(seen.told_states),
        holds=exact_parsing,
    ),
    Requirement(
        "parsing.ignores_case",
        "A known word is read whatever its case.",
        f"{_SEED_GAP}: QueueState.parse/1 ignores case",
        ("parsing-case", "parsing-case-of-active"),
        same(seen.told_states),
        holds=lenient_parsing,
    ),
    Requirement(
        "parsing.trims",
        "Spaces around a known word do not matter.",
        "Tinkex 0.4.0, Types.QueueState.parse/1",
        ("parsing-spaces",),
        same(seen.told_states),
        holds=lenient_parsing,
    ),
    Requirement(
        "parsing.numbers",
        "A number or true in place of the word is the state unknown.",
        "official SDK, measured in every revision",
        ("parsing-numbers",),
        same(seen.told_states),
        holds=tells_on_408,
        level=Level.QUIRK,
    ),
    Requirement(
        "parsing.containers_are_unknown",
        "A list or an object in place of the word, on a 408, is the state unknown.",
        "official SDK 0.1.0 to 0.20.0, measured",
        ("parsing-containers",),
        same(seen.told_states),
        holds=lambda p: tells_on_408(p) and p.observer.unparseable_408_state is Unparseable408.UNKNOWN,
        level=Level.QUIRK,
    ),
    Requirement(
        "parsing.containers_are_silent",
        "A list or an object in place of the word, on a 408, says nothing.",
        "official SDK since 0.21.0, measured",
        ("parsing-containers",),
        same(seen.told_states),
        holds=lambda p: tells_on_408(p) and p.observer.unparseable_408_state is Unparseable408.SILENT,
        level=Level.QUIRK,
    ),
    Requirement(
        "parsing.containers_end_the_poll",
        "A list or an object in place of the word, in a try_again, ends the future in an error.",
        _MEASURED,
        ("parsing-containers-in-try-again",),
        same(seen.poll_counts, seen.outcomes),
        holds=lambda p: (
            gates_try_again(p) and p.observer.unparseable_try_again_state is UnparseableTryAgain.ENDS_POLL
        ),
        level=Level.QUIRK,
    ),
)
