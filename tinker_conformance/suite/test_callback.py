"""The chapter `callback`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("callback")
