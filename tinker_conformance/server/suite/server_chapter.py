"""The object that marks a module of the suite as a chapter, a group of probes.

Imports nothing, because the pytest plugin loads this module in every pytest run.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerChapter:
    """A chapter of probes; the pytest plugin creates one item per probe.

    Attributes:
        name: The first part of the ids of the chapter's probes, such as `session`.
    """

    name: str
