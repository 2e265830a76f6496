"""The REST endpoints about checkpoints: list, describe, download, publish, copy, delete."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fake_server.core.http_messages import Reply, Request
from fake_server.core.operations import API_PREFIX
from fake_server.service.answers import json_reply, origin
from fake_server.service.archives import file_names
from fake_server.service.checkpoints import BAD_IDENTIFIER, checked_ttl, checkpoint_path, parsed_path
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import text
from fake_server.service.simulated_service import SimulatedService

_EXPIRES: Final = "Wed, 31 Dec 2098 23:59:59 GMT"


class CheckpointEndpoints:
    """Answers requests about the checkpoints of a service, whose lock the caller holds."""

    def __init__(self, service: SimulatedService) -> None:
        """Create the endpoints of ``service``."""
        self._service = service

    def of_run(self, run_id: str) -> Reply:
        """Answer ``training_runs/…/checkpoints``: the checkpoints of a training run."""
        saved = self._service.checkpoints.of_run(run_id)
        return json_reply({"checkpoints": [each.to_json() for each in saved]})

    def info(self, body: Mapping[str, object]) -> Reply:
        """Answer ``weights_info``: the base model and the LoRA configuration of a checkpoint."""
        found = self._service.checkpoints.find(parsed_path(text(body.get("tinker_path")) or ""))
        return json_reply(
            {
                "type": "weights_info",
                "base_model": found.base_model.name,
                "is_lora": True,
                "lora_rank": found.lora.rank,
                "train_unembed": found.lora.train_unembed,
                "train_mlp": found.lora.train_mlp,
                "train_attn": found.lora.train_attn,
            }
        )

    def one(self, request: Request, run_id: str, rest: list[str], body: Mapping[str, object]) -> Reply | None:
        """Answer ``training_runs/…/checkpoints/…`` and the paths below; return None for an unknown path.

        Args:
            request: The request.
            run_id: The id of the training run.
            rest: The parts of the path after ``checkpoints``.
            body: The decoded body of the request.

        Raises:
            ServiceRefusal: HTTP 400: the identifier of the checkpoint is invalid, as ``RestClient`` of 0.38.0
                documents.
        """
        checkpoints = self._service.checkpoints
        if len(rest) < 2:
            raise ServiceRefusal(BAD_IDENTIFIER)
        path = checkpoint_path(run_id, rest[0], rest[1])
        match request.method, rest[2:]:
            case "DELETE", []:
                checkpoints.delete(path)
            case "GET", ["archive"]:
                found = checkpoints.find(path)
                place = f"{origin(request)}{API_PREFIX}archives/{run_id}/{found.checkpoint_id}"
                headers = ((b"location", place.encode("latin-1", "replace")), (b"expires", _EXPIRES.encode()))
                return Reply(HTTPStatus.FOUND, headers)
            case "GET", ["external_weights_urls"]:
                found = checkpoints.find(path)
                place = f"{origin(request)}{API_PREFIX}archives/{run_id}/{rest[0]}/{rest[1]}"
                urls = {name: f"{place}/{name}" for name in file_names(found)}
                return json_reply({"urls": urls, "expires": "2098-12-31T23:59:59Z"})
            case "POST" | "DELETE", ["publish"]:
                checkpoints.publish(path, public=request.method == "POST")
            case "PUT", ["ttl"]:
                checkpoints.set_ttl(path, checked_ttl(body.get("ttl_seconds")))
            case _:
                return None
        return Reply(HTTPStatus.NO_CONTENT, ())

    def copy(self, body: Mapping[str, object]) -> Reply:
        """Answer ``copy_weights``: copy a checkpoint into a new training run."""
        found = self._service.checkpoints.find(parsed_path(text(body.get("source_path")) or ""))
        seconds, project = checked_ttl(body.get("ttl_seconds")), text(body.get("destination_project_id"))
        return json_reply({"tinker_path": self._service.copy_checkpoint(found, seconds, project).path})
