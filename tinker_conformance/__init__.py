"""Conformance kit for SDKs of the Tinker fine-tuning API."""
