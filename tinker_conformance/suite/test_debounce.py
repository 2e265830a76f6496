"""The chapter `debounce`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("debounce")
