"""The pytest items of the chapter (group of requirements) `clock`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("clock")
