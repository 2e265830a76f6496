"""The chapter `callback`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("callback")
