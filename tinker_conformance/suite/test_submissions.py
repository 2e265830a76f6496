"""The pytest items of the chapter (group of requirements) `submissions`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("submissions")
