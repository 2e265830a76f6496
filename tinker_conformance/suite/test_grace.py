"""The chapter `grace`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("grace")
