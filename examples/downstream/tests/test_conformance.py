"""The whole suite among the project's own tests: here it judges the official SDK that is installed."""

from tinker_conformance import QueueStateConformance


class TestOfficial(QueueStateConformance):
    # Yours: sdk = "python:my_package.conformance:Adapter", and a profile unless the adapter names one.
    sdk = "official"
