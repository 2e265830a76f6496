"""The pytest items of the chapter (group of requirements) `parsing`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("parsing")
