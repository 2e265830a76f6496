"""The chapter `polling`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("polling")
