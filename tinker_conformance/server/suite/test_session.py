"""The probes of the chapter `session`, as pytest items."""

from tinker_conformance.server.suite.server_chapter import ServerChapter

chapter = ServerChapter("session")
