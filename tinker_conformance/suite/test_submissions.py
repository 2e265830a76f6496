"""The chapter `submissions`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("submissions")
