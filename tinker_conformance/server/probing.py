"""The object that a probe's check gets: the probe's own requests, and what all probes of a run share."""

from __future__ import annotations

from tinker_conformance.server.dialogue import Dialogue
from tinker_conformance.server.workbench import Workbench


class Probing(Dialogue):
    """One run of one probe: its requests and replies, and its mismatches.

    Attributes:
        bench: The session, model and sampler that all probes of a run share.
    """

    def __init__(self, bench: Workbench, probe_id: str) -> None:
        """Start the timeline of the probe at 0 s."""
        super().__init__(bench.line, probe_id)
        self.bench = bench
