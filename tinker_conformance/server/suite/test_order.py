"""The probes of the chapter `order`, as pytest items."""

from tinker_conformance.server.suite.server_chapter import ServerChapter

chapter = ServerChapter("order")
