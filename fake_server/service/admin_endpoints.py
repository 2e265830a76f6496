"""Endpoints for administrators: who used how much, and when (``AdminClient`` of ``tinker`` 0.38.0)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qs

from fake_server.core.http_messages import Reply, Request
from fake_server.service.answers import json_reply
from fake_server.service.checkpoints import Checkpoint
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.simulated_service import SimulatedService
from fake_server.service.training import OWNER

LONGEST_WINDOW: Final = timedelta(days=14)


class AdminEndpoints:
    """Answers usage queries from the state of a service, whose lock the caller holds. All prices are zero."""

    def __init__(self, service: SimulatedService) -> None:
        """Create the endpoints of ``service``."""
        self._service = service

    def answer(self, request: Request, parts: list[str]) -> Reply | None:
        """Return the reply to a request, or None if the request is for another endpoint.

        Args:
            request: The request.
            parts: The parts of the path below ``/api/v1/``.

        Raises:
            ServiceRefusal: HTTP 400: the period of a usage query is invalid.
        """
        match parts:
            case ["billing", "usage", "events"]:
                _check_window(_parameter(request, "starting_on"), _parameter(request, "ending_before"))
                return json_reply({"data": [], "sessions": {}, "cost_data_through": None})
            case ["billing", "usage", "checkpoints", "current"]:
                return self._storage(_parameter(request, "project_id"))
            case ["audit"]:
                return json_reply({"entries": []})
            case _:
                return None

    def _storage(self, project: str | None) -> Reply:
        by_project: defaultdict[str, list[Checkpoint]] = defaultdict(list)
        for checkpoint in self._service.checkpoints.all():
            by_project[self._service.project_of(checkpoint.run_id)].append(checkpoint)
        rows = [
            {
                "project_id": name,
                "org_user_urn": OWNER,
                "checkpoint_count": len(found),
                "size_bytes": (size := sum(each.size_bytes for each in found)),
                "size_gigabytes": size / 1e9,
            }
            for name, found in by_project.items()
            if project in (None, name)
        ]
        return json_reply({"data": rows, "effective_rate_usd_per_gigabyte_month": None})


def _parameter(request: Request, name: str) -> str | None:
    found = parse_qs(request.query).get(name)
    return found[-1] if found else None


def _check_window(starting_on: str | None, ending_before: str | None) -> None:
    begin, end = _hour("starting_on", starting_on), _hour("ending_before", ending_before)
    if begin is None or end is None:
        return
    if not timedelta() < end - begin <= LONGEST_WINDOW:
        raise ServiceRefusal(
            f"{starting_on} to {ending_before} is not a valid window; end it at most 14 days after its start"
        )


def _hour(name: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None or (time.minute, time.second, time.microsecond) != (0, 0, 0):
        raise ServiceRefusal(f"{name} is {value!r}; give a full hour of UTC, such as 2026-07-13T00:00:00Z")
    return time
