"""The chapter `isolation`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("isolation")
