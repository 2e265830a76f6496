"""The pytest items of the chapter (group of requirements) `debounce`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("debounce")
