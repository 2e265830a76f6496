"""What is mutated, which tests must notice, and which changes are none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = "tinker_conformance"
PAGE: Final = ROOT / "docs/explanation/mutation.md"

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "queue_state.py": ("reference/test_queue_state.py",),
    "observer.py": ("reference/test_observer.py", "reference/test_observer_edges.py"),
    "polling.py": ("reference/test_polling.py", "reference/test_clients.py"),
    "judging/facts.py": ("judging/test_facts.py",),
    "judging/delays.py": ("judging/test_delays.py",),
    "judging/pause_lines.py": ("judging/test_pause_lines.py",),
    "judging/judge.py": ("judging/test_judge.py", "judging/test_judge_silence.py"),
    "judging/side_by_side.py": ("judging/test_judge.py", "judging/test_side_by_side.py"),
    "judging/explanation.py": ("judging/test_explanation.py",),
    "judging/projections/comparison.py": ("judging/test_other_projections.py",),
    "judging/projections/wording.py": ("judging/test_poll_projections.py",),
    "judging/projections/lines.py": ("judging/test_line_projections.py",),
    "judging/projections/calls.py": ("judging/test_call_projections.py",),
    "judging/projections/polls.py": ("judging/test_poll_projections.py",),
    "judging/projections/other_lines.py": ("judging/test_other_projections.py",),
    "judging/projections/functions.py": ("judging/test_other_projections.py",),
}
"""The modules, below the package, each with the tests that must notice, below ``tests``."""

EQUIVALENT: Final = (
    # `X | None` in an annotation is never evaluated, and `isinstance` takes no other operator between types.
    "core/ReplaceBinaryOperator_BitOr_.*",
    # The members of an enumeration are equal only to themselves, and are in no order.
    r"core/ReplaceComparisonOperator_Is_(Eq|Lt|LtE|Gt|GtE)",
    r"core/ReplaceComparisonOperator_IsNot_(NotEq|Lt|LtE|Gt|GtE)",
)
"""Changes that change nothing that a line could mean, by the tool's names for them (regular expressions)."""
