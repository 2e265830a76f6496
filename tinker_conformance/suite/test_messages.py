"""The chapter `messages`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("messages")
