"""The chapter `concurrency`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("concurrency")
