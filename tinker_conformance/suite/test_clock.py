"""The chapter `clock`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("clock")
