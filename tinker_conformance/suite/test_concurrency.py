"""The pytest items of the chapter (group of requirements) `concurrency`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("concurrency")
