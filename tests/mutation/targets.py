"""The modules to mutate, the tests that must notice, and the changes that are equivalent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = "tinker_conformance"
PAGE: Final = ROOT / "docs/explanation/mutation.md"

TARGETS: Final[Mapping[str, tuple[str, ...]]] = {
    "queue_state.py": ("tinker_conformance/test_queue_state.py",),
    "reference/observer.py": (
        "tinker_conformance/reference/test_observer.py",
        "tinker_conformance/reference/test_observer_edges.py",
    ),
    "reference/polling.py": (
        "tinker_conformance/reference/test_polling.py",
        "tinker_conformance/reference/test_clients.py",
    ),
    "checks/facts.py": ("tinker_conformance/checks/test_facts.py",),
    "checks/delays.py": ("tinker_conformance/checks/test_delays.py",),
    "checks/pause_lines.py": ("tinker_conformance/checks/test_pause_lines.py",),
    "judging/judge.py": (
        "tinker_conformance/judging/test_judge.py",
        "tinker_conformance/judging/test_judge_silence.py",
        "tinker_conformance/judging/test_some_scenarios.py",
    ),
    "judging/side_by_side.py": (
        "tinker_conformance/judging/test_judge.py",
        "tinker_conformance/judging/test_side_by_side.py",
    ),
    "judging/explanation.py": ("tinker_conformance/judging/test_explanation.py",),
    "checks/projections/projection.py": ("tinker_conformance/checks/test_other_projections.py",),
    "checks/projections/wording.py": ("tinker_conformance/checks/test_poll_projections.py",),
    "checks/projections/lines.py": ("tinker_conformance/checks/test_line_projections.py",),
    "checks/projections/calls.py": ("tinker_conformance/checks/test_call_projections.py",),
    "checks/projections/polls.py": ("tinker_conformance/checks/test_poll_projections.py",),
    "checks/projections/other_lines.py": ("tinker_conformance/checks/test_other_projections.py",),
    "checks/projections/functions.py": ("tinker_conformance/checks/test_other_projections.py",),
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
