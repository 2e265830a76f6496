"""The suite that users run against their SDK: `pytest --pyargs tinker_conformance.suite --sdk SPEC`."""
