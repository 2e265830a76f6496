"""The pytest items of the chapter (group of requirements) `grace`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("grace")
