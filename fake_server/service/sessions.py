"""Sessions of the SDK, and their sampling sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fake_server.service.refusals import ServiceRefusal
from fake_server.service.service_clock import EPOCH

DEFAULT_PROJECT: Final = "project-1"
"""The project of a session whose client named none."""


@dataclass(slots=True)
class Session:
    """One ``ServiceClient`` (``tinker`` 0.2 and later).

    Attributes:
        session_id: Its id.
        created_at: When it was created, on the service's own clock.
        user_metadata: Metadata given when it was created.
        display_name: Name given when it was created (0.38.0).
        project_id: Its project: given when it was created, or moved to later.
        run_ids: The training runs that it created.
        sampler_ids: The sampling sessions that it created.
        finish: How the client finished it; None while it is open.
    """

    session_id: str
    created_at: datetime = EPOCH
    user_metadata: Mapping[str, object] = field(default_factory=dict)
    display_name: str | None = None
    project_id: str = DEFAULT_PROJECT
    run_ids: list[str] = field(default_factory=list)
    sampler_ids: list[str] = field(default_factory=list)
    finish: Mapping[str, object] | None = None

    def check_alive(self) -> None:
        """Check that the session is not finished.

        Raises:
            ServiceRefusal: HTTP 410, which ends the client's heartbeats and is not retried (``tinker``
                0.38.0, whose ``ServiceClient.close`` says "Further operations against it will be rejected").
        """
        if self.finish is not None:
            raise ServiceRefusal(f"the session {self.session_id!r} is finished; create another", 410)

    def status(self) -> dict[str, object]:
        """Return its status, as a session search shows it."""
        if self.finish is None:
            return {"type": "active"}
        return {"type": "client_finished", **self.finish}


@dataclass(frozen=True, slots=True)
class Sampler:
    """A sampling session, with the model or checkpoint that it samples from."""

    sampler_id: str
    base_model: str
    model_path: str | None = None
    session_id: str | None = None
