"""The chapter `custom_observer`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("custom_observer")
