"""The chapter `reasons`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("reasons")
