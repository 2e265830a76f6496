"""The probes of the chapter `submission`, as pytest items."""

from tinker_conformance.server.suite.server_chapter import ServerChapter

chapter = ServerChapter("submission")
