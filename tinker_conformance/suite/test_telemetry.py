"""The chapter `telemetry`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("telemetry")
