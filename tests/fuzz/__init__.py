"""Fuzz targets for everything that parses untrusted bytes and text: ``python -m tests.fuzz``."""
