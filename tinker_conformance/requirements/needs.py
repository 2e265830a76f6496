"""Capabilities that requirements need, as sets that can be joined with ``|``."""

from __future__ import annotations

from typing import Final

from tinker_conformance.sdk.adapter import Capability

CALLBACKS: Final = frozenset({Capability.CALLBACKS})
CANCELLATION: Final = frozenset({Capability.CANCELLATION})
CHECKPOINTS: Final = frozenset({Capability.CHECKPOINTS, Capability.MODEL_CREATION})
CONCURRENCY: Final = frozenset({Capability.CONCURRENCY})
CREATION: Final = frozenset({Capability.MODEL_CREATION})
CUSTOM_OBSERVER: Final = frozenset({Capability.CUSTOM_OBSERVER})
LOGGER_FUNCTIONS: Final = frozenset({Capability.LOGGER_FUNCTIONS})
OFFICIAL_PLUMBING: Final = frozenset({Capability.OFFICIAL_PLUMBING})
PARSE_FUNCTION: Final = frozenset({Capability.PARSE_FUNCTION})
RAISING_OBSERVER: Final = frozenset({Capability.RAISING_OBSERVER})
READ_TIMEOUT: Final = frozenset({Capability.READ_TIMEOUT})
RETRIES: Final = frozenset({Capability.SUBMISSION_RETRIES})
SAMPLING: Final = frozenset({Capability.SAMPLING})
SESSION_POLLING: Final = frozenset({Capability.SAMPLING, Capability.SESSION_POLLING})
TELEMETRY: Final = frozenset({Capability.TELEMETRY})
THREADS: Final = frozenset({Capability.THREADS})
TIMEOUT: Final = frozenset({Capability.TIMEOUT})
TRAINING: Final = frozenset({Capability.TRAINING})
