"""From requirement to verdict.

An SDK, a profile and the requirements go into the ``Judge``; judgements come out: verdicts with their
evidence. The ``Judge`` also decides whether a requirement can be tested at all: whether the SDK claims what
it needs, and whether another requirement must hold first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._fake_server import check_fake_server
from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.judging.adapter_check import findings
    from tinker_conformance.judging.claims import unclaimed
    from tinker_conformance.judging.explanation import alone, explain, shown
    from tinker_conformance.judging.identification import Nearness, candidates, nearness
    from tinker_conformance.judging.judge import Judge, Judgement, Verdict
    from tinker_conformance.judging.picture import Lane, Look, Mark, Picture, Window, grouped
    from tinker_conformance.judging.profile_choice import named_profile, profile_of

__all__ = [
    "Judge",
    "Judgement",
    "Lane",
    "Look",
    "Mark",
    "Nearness",
    "Picture",
    "Verdict",
    "Window",
    "alone",
    "candidates",
    "explain",
    "findings",
    "grouped",
    "named_profile",
    "nearness",
    "profile_of",
    "shown",
    "unclaimed",
]

check_fake_server()

__getattr__ = lazy_exports(
    __name__,
    {
        "adapter_check": "findings",
        "claims": "unclaimed",
        "explanation": "alone explain shown",
        "identification": "Nearness candidates nearness",
        "judge": "Judge Judgement Verdict",
        "picture": "Lane Look Mark Picture Window grouped",
        "profile_choice": "named_profile profile_of",
    },
)
