"""The chapter `concurrency`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("concurrency")
