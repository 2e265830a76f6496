"""The pytest items of the chapter (group of requirements) `reasons`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("reasons")
