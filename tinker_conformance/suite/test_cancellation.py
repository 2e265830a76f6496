"""The pytest items of the chapter (group of requirements) `cancellation`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("cancellation")
