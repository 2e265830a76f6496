"""The chapter `parsing`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("parsing")
