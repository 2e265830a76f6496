"""What the pytest fixtures for downstream test suites hand out (`tinker_conformance.fixtures`)."""

from tinker_conformance._fake_server import check_fake_server

check_fake_server()
