"""The pytest items of the chapter (group of requirements) `functions`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("functions")
