"""The chapter `messages`."""

from tinker_conformance.suite.items import Chapter

chapter = Chapter("messages")
