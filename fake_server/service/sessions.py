"""Sessions of the SDK, and the sampling sessions in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fake_server.service.refusals import ServiceRefusal
from fake_server.service.service_clock import EPOCH

DEFAULT_PROJECT: Final = "project-1"
"""Where a session is whose client named none."""


@dataclass(slots=True)
class Session:
    """One ``ServiceClient`` (``tinker`` 0.2 and later).

    Attributes:
        session_id: Its id.
        created_at: When it was made, on the service's own clock.
        user_metadata: What it was made with.
        display_name: Likewise (0.38.0).
        project_id: Likewise, or where it was put since.
        run_ids: The training runs that it made.
        sampler_ids: The sampling sessions that it made.
        heartbeats: How many came.
        finish: How it was finished, as the client said; None while it lives.
    """

    session_id: str
    created_at: datetime = EPOCH
    user_metadata: Mapping[str, object] = field(default_factory=dict)
    display_name: str | None = None
    project_id: str = DEFAULT_PROJECT
    run_ids: list[str] = field(default_factory=list)
    sampler_ids: list[str] = field(default_factory=list)
    heartbeats: int = 0
    finish: Mapping[str, object] | None = None

    def check_alive(self) -> None:
        """Check that it was not finished.

        Raises:
            ServiceRefusal: HTTP 410, which ends the client's heartbeats; no submission retries it (``tinker``
                0.38.0, whose ``ServiceClient.close`` says "Further operations against it will be rejected").
        """
        if self.finish is not None:
            raise ServiceRefusal(f"the session {self.session_id!r} was finished; open another", 410)

    def beat(self) -> None:
        """Take a heartbeat.

        Raises:
            ServiceRefusal: It was finished.
        """
        self.check_alive()
        self.heartbeats += 1

    def status(self) -> dict[str, object]:
        """As a session search answers."""
        if self.finish is None:
            return {"type": "active"}
        return {"type": "client_finished", **self.finish}


@dataclass(frozen=True, slots=True)
class Sampler:
    """A sampling session: what it was made from."""

    sampler_id: str
    base_model: str
    model_path: str | None = None
    session_id: str | None = None
