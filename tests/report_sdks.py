"""SDKs for tests of reports, as `python:report_sdks:NAME` with tests/ on the path of the worker."""

from __future__ import annotations

from broken_sdks.registry import BROKEN_SDKS

impatient = BROKEN_SDKS["logs_at_59_seconds"].make
