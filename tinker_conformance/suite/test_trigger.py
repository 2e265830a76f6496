"""The chapter `trigger`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("trigger")
