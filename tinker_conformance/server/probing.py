"""What the check of a probe works with: the dialogue of the probe, and what all probes of a run share."""

from __future__ import annotations

from tinker_conformance.server.dialogue import Dialogue
from tinker_conformance.server.workbench import Workbench


class Probing(Dialogue):
    """One run of one probe.

    Attributes:
        bench: What all probes of a run share.
    """

    def __init__(self, bench: Workbench, probe_id: str) -> None:
        """Begin at the second 0."""
        super().__init__(bench.line, probe_id)
        self.bench = bench
