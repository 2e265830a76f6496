"""The chapter `telemetry`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("telemetry")
