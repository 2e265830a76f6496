"""The pytest items of the chapter (group of requirements) `wiring`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("wiring")
