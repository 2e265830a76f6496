"""The chapter `parsing`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("parsing")
