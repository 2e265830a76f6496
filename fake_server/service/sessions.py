"""Sessions, each of which belongs to one ``ServiceClient`` of the SDK, and their sampling sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fake_server.service.refusals import ServiceRefusal
from fake_server.service.service_clock import EPOCH

DEFAULT_PROJECT: Final = "project-1"
"""The project of a session whose client named no project."""


@dataclass(slots=True)
class Session:
    """One session, which a ``ServiceClient`` opens (``tinker`` 0.2 and later).

    Attributes:
        session_id: The session's id.
        created_at: When the session was opened, on the service's own clock.
        user_metadata: The metadata that the client gave.
        display_name: The name that the client gave (0.38.0); None for none.
        project_id: The project that the client gave, or to which the session was moved later.
        run_ids: The training runs that the session created.
        sampler_ids: The sampling sessions that the session opened.
        finish: How the client finished the session; None while the session is open.
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
        """Check that the client has not finished the session.

        Raises:
            ServiceRefusal: HTTP 410, which ends the client's heartbeats and is not retried (``tinker``
                0.38.0, whose ``ServiceClient.close`` says "Further operations against it will be rejected").
        """
        if self.finish is not None:
            raise ServiceRefusal(f"the session {self.session_id!r} is finished; create another", 410)

    def status(self) -> dict[str, object]:
        """Return the session's status, as the reply to a session search shows it."""
        if self.finish is None:
            return {"type": "active"}
        return {"type": "client_finished", **self.finish}


@dataclass(frozen=True, slots=True)
class Sampler:
    """A sampling session, with the model or checkpoint from which it samples."""

    sampler_id: str
    base_model: str
    model_path: str | None = None
    session_id: str | None = None
