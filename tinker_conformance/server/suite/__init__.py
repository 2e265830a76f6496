"""The pytest suite for servers: `pytest --pyargs tinker_conformance.server.suite --tinker-url URL`.

Each module is a chapter, a group of probes, and each probe is a pytest item. The module
`tinker_conformance.suite` creates the items, as it does for SDKs.
"""
