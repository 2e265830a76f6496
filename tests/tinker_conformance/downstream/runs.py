"""What the runs of pytest inside these tests share."""

from typing import Final

QUIET: Final = (
    *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio"),
    # These take half a second of each run, because they import httpx and Hypothesis.
    *("-p", "no:respx", "-p", "no:hypothesispytest", "-p", "no:anyio"),
)
"""Options for a run of pytest that nothing but the kit takes part in."""
