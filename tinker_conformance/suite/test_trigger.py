"""The chapter `trigger`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("trigger")
