"""What the runs of pytest inside these tests share."""

from typing import Final

QUIET: Final = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:asyncio")
"""Whatever else is installed beside the kit."""
