"""Scenarios that nobody wrote: drawn, combined, shrunk, and judged by all requirements."""
