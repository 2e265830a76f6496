"""The chapter `grace`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("grace")
