"""The chapter `wiring`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("wiring")
