"""The suite for servers: `pytest --pyargs tinker_conformance.server.suite --tinker-url URL`.

Each module is a chapter, and each probe is a pytest item. The items are made by `tinker_conformance.suite`,
as those of SDKs are.
"""
