"""The chapter `clock`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("clock")
