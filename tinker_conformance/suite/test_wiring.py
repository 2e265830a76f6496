"""The chapter `wiring`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("wiring")
