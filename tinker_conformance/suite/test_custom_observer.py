"""The pytest items of the chapter (group of requirements) `custom_observer`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("custom_observer")
