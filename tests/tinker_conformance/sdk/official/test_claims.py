"""What the adapter of the official SDK claims, release by release."""

from __future__ import annotations

import pytest

from tinker_conformance.profile.releases import profile_for
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.spec import open_sdk


@pytest.mark.slow
@pytest.mark.parametrize("release", ["0.26.1", "0.26.2", "0.27.0", "0.27.1"])
def test_a_release_claims_to_poll_sessions_if_its_profile_says_how(release: str) -> None:
    """The first form of that poll, in 0.26.2 and 0.27.0, is not judged."""
    sdk = open_sdk(f"official=={release}")
    try:
        claimed = Capability.SESSION_POLLING in sdk.info.capabilities
    finally:
        sdk.close()
    assert claimed == (profile_for(release).polling.session_polling is not None)
