"""The chapter `custom_observer`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("custom_observer")
