"""The pytest items of the chapter (group of requirements) `isolation`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("isolation")
