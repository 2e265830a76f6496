"""The chapter `cancellation`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("cancellation")
