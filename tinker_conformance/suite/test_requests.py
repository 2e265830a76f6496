"""The pytest items of the chapter (group of requirements) `requests`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("requests")
