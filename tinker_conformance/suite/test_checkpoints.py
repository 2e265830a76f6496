"""The pytest items of the chapter (group of requirements) `checkpoints`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("checkpoints")
