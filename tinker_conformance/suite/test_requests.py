"""The chapter `requests`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("requests")
