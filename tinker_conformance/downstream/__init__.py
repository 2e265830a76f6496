"""What the pytest fixtures for downstream test suites hand out (`tinker_conformance.fixtures`)."""
