"""The chapter `debounce`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("debounce")
