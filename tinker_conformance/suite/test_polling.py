"""The chapter `polling`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("polling")
