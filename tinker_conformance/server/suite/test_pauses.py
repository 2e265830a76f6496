"""The chapter `pauses` of the probes of servers."""

from tinker_conformance.server.suite.server_chapter import ServerChapter

chapter = ServerChapter("pauses")
