"""The pytest items of the chapter (group of requirements) `messages`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("messages")
