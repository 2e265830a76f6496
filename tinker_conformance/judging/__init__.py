"""How timelines are judged: facts, checks, verdicts."""

from tinker_conformance._fake_server import check_fake_server

check_fake_server()
