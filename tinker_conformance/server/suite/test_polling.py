"""The probes of the chapter `polling`, as pytest items."""

from tinker_conformance.server.suite.server_chapter import ServerChapter

chapter = ServerChapter("polling")
