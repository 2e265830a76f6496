"""The chapter `functions`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("functions")
