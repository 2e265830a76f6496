"""What marks a module as a chapter of probes.

Imports nothing, because the pytest plugin loads this module in every pytest run.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerChapter:
    """A chapter of probes; the plugin creates one item per probe.

    Attributes:
        name: The first part of the ids of its probes, such as `session`.
    """

    name: str
