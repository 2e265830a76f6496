"""The REST endpoints about sessions and their sampling sessions."""

from __future__ import annotations

from collections.abc import Mapping

from fake_server.core.http_messages import Reply, Request
from fake_server.service.answers import EMPTY, json_reply, origin, page
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import text
from fake_server.service.search import searched
from fake_server.service.service_clock import stamp
from fake_server.service.sessions import Session
from fake_server.service.simulated_service import SimulatedService
from fake_server.service.training import OWNER
from fake_server.service.work import Json


class SessionEndpoints:
    """Answers requests about the sessions of a service, whose lock the caller holds."""

    def __init__(self, service: SimulatedService) -> None:
        """Create the endpoints of ``service``."""
        self._service = service

    def create(self, body: Mapping[str, object]) -> Reply:
        """Answer ``create_session``."""
        session = self._service.new_session(body)
        messages = dict.fromkeys(("info_message", "warning_message", "error_message"))
        return json_reply({"type": "create_session", "session_id": session.session_id, **messages})

    def heartbeat(self, body: Mapping[str, object]) -> Reply:
        """Answer ``session_heartbeat``."""
        self._session(text(body.get("session_id"))).check_alive()
        return json_reply({"type": "session_heartbeat"})

    def create_sampler(self, body: Mapping[str, object], sampler_id: str | None) -> Reply:
        """Answer ``create_sampling_session``.

        Args:
            body: The decoded body.
            sampler_id: The id that a test has asked for; None for a numbered one.
        """
        made = self._service.new_sampler(body, sampler_id)
        return json_reply({"type": "create_sampling_session", "sampling_session_id": made.sampler_id})

    def sessions(  # noqa: PLR0911 - one return for each thing to ask
        self, request: Request, rest: list[str], body: Mapping[str, object]
    ) -> Reply | None:
        """Answer ``sessions`` and the paths below; return None for an unknown path.

        Args:
            request: The request.
            rest: The parts of the path after ``sessions``.
            body: The decoded body of the request.
        """
        match request.method, rest:
            case "GET", []:
                return page(request, "sessions", list(reversed(self._service.sessions)), 20)
            case "POST", ["search"]:
                return self._search(body)
            case "GET", [session_id]:
                session = self._session(session_id)
                return json_reply(
                    {
                        "training_run_ids": session.run_ids,
                        "sampler_ids": session.sampler_ids,
                        "user_metadata": dict(session.user_metadata),
                        "display_name": session.display_name,
                    }
                )
            case "POST", [session_id, "finish"]:
                session = self._session(session_id)
                session.finish = session.finish or {
                    "reason": body.get("reason"),
                    "detail": body.get("detail"),
                }
                return EMPTY
            case "PUT", [session_id, "project"]:
                session = self._session(session_id)
                project_id = text(body.get("project_id"))
                if project_id is None:
                    raise ServiceRefusal("there is no project_id; name the project to move the session into")
                session.project_id = project_id
                return EMPTY
            case "GET", [session_id, "trace_export"]:
                self._session(session_id)
                return json_reply(
                    {"status": "ready", "url": f"{origin(request)}{request.path}/file", "error": None}
                )
            case "GET", [session_id, "trace_export", "file"]:
                self._session(session_id)
                # A Perfetto trace is a sequence of packets; an empty sequence is a valid trace.
                return Reply(200, ((b"content-type", b"application/octet-stream"),))
            case _:
                return None

    def _session(self, session_id: str | None) -> Session:
        found = self._service.sessions.get(session_id or "")
        if found is None:
            raise ServiceRefusal(f"there is no session {session_id!r}; create one first", 404)
        return found

    def _search(self, body: Mapping[str, object]) -> Reply:
        return json_reply(searched([*self._service.sessions.values()], body, self._summary))

    def _summary(self, session: Session) -> Json:
        checkpoints = [each for each in self._service.checkpoints.all() if each.run_id in session.run_ids]
        return {
            "session_id": session.session_id,
            "created_at": stamp(session.created_at),
            "owner": OWNER,
            "project_id": session.project_id,
            "status": session.status(),
            "checkpoints_count": len(checkpoints),
            "display_name": session.display_name,
            "user_metadata": dict(session.user_metadata),
            "checkpoint_storage_bytes": sum(each.size_bytes for each in checkpoints),
        }

    def sampler(self, sampler_id: str) -> Reply:
        """Answer ``samplers/…``: the description of a sampling session."""
        found = self._service.samplers.get(sampler_id)
        if found is None:
            raise ServiceRefusal(f"there is no sampler {sampler_id!r}; open a sampling session first", 404)
        return json_reply(
            {"sampler_id": sampler_id, "base_model": found.base_model, "model_path": found.model_path}
        )
