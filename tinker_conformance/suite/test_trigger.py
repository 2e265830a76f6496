"""The pytest items of the chapter (group of requirements) `trigger`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("trigger")
