"""The pytest items of the chapter (group of requirements) `polling`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("polling")
