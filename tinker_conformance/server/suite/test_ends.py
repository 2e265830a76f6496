"""The probes of the chapter `ends`, as pytest items."""

from tinker_conformance.server.suite.server_chapter import ServerChapter

chapter = ServerChapter("ends")
