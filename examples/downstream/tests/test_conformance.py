"""The whole suite, judging an SDK among the project's own tests."""

from tinker_conformance import QueueStateConformance


class TestReference(QueueStateConformance):
    # Yours: sdk = "python:my_package.conformance:Adapter", or "official" for the tinker that is installed.
    sdk = "reference"
    profile = "tinker-0.5.1"
