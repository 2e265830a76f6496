"""The chapter `reasons`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("reasons")
