"""The chapter `functions`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("functions")
