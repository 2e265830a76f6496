"""The pytest items of the chapter (group of requirements) `callback`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("callback")
