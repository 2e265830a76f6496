"""The requirements about what goes wrong on the wire, a part of the chapter on polling.

Measured by driving ``tinker`` 0.6.3 and 0.38.0; every release in between that the history covers does the
same. To the official SDK a reply that cannot be read to its end is a broken connection, whichever way it
broke.
"""

from __future__ import annotations

from typing import Final

from tinker_conformance.checks import projections as seen
from tinker_conformance.checks.case import Check
from tinker_conformance.checks.projections import same
from tinker_conformance.requirements.needs import TRAINING
from tinker_conformance.requirements.requirement import Level, Requirement
from tinker_conformance.sdk.adapter import Capability

_SOURCE: Final = "official SDK 0.6.3 and 0.38.0, driven"
_POLLS: Final = same(seen.poll_times, seen.outcomes)
_TOLD: Final = same(seen.told_states, seen.poll_counts, seen.outcomes)


def _fault(
    name: str,
    sentence: str,
    scenario: str,
    *,
    check: Check = _POLLS,
    needs: frozenset[Capability] = TRAINING,
    level: Level = Level.CONTRACT,
) -> Requirement:
    return Requirement(
        f"polling.{name}", sentence, _SOURCE, (f"fault-{scenario}",), check, level=level, needs=needs
    )


FAULTS: Final = (
    _fault("broken_reply", "A reply that breaks off, in head or body, is polled again after the back-off.",
           "broken-reply"),
    _fault("short_body", "A body shorter than its content length is a broken connection, and no reply.",
           "short-body"),
    _fault("closed_connection", "A connection closed without a reply is polled again after the back-off.",
           "closed"),
    _fault("refused_connection", "A refused connection is tried again after a back-off that goes on.",
           "refused"),
    _fault("compressed_reply", "A compressed reply, in chunks or not, is understood as the plain one is.",
           "compressed", check=_TOLD, needs=frozenset()),
    _fault("no_utf8", "A 408 or 5xx whose body is no UTF-8 is polled again at once.", "no-utf8"),
    _fault("no_utf8_in_200", "A 200 whose body is no UTF-8 ends the future.", "no-utf8-in-200",
           check=same(seen.poll_counts, seen.outcomes), level=Level.QUIRK),
    _fault("redirect", "A 307 or 308 is followed at once, with the same method and body.", "redirect",
           level=Level.QUIRK),
    _fault("header_twice", "A header line that comes twice changes nothing.", "header-twice", check=_TOLD,
           needs=frozenset()),
    _fault("slow_reply", "A reply whose bytes keep coming is waited for, however slow the whole is.",
           "slow-reply", check=same(seen.poll_times, seen.outcomes, seen.outcome_times)),
    _fault("late_reply", "A reply that does not come within 45 seconds is a broken connection.", "late-reply",
           level=Level.QUIRK),
)  # fmt: skip
