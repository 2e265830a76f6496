"""The pytest items of the chapter (group of requirements) `telemetry`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("telemetry")
