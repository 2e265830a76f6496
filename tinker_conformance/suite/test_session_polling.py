"""The pytest items of the chapter (group of requirements) `session_polling`."""

from tinker_conformance.suite.chapter import Chapter

chapter = Chapter("session_polling")
