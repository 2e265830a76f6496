"""The chapter `checkpoints`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("checkpoints")
