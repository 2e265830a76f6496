"""Capabilities that many requirements need, as the sets that they are given in."""

from __future__ import annotations

from typing import Final

from tinker_conformance.sdk.adapter import Capability

CALLBACKS: Final = frozenset({Capability.CALLBACKS})
CREATION: Final = frozenset({Capability.MODEL_CREATION})
TRAINING: Final = frozenset({Capability.TRAINING})
