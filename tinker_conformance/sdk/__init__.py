"""How the kit reaches an SDK under test."""

from tinker_conformance._fake_server import check_fake_server

check_fake_server()
