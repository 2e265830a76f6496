"""What all probes of a run share: one session, one model, one sampler, which are deleted at the end.

A sampler is a sampling session, opened with `create_sampling_session`.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

from fake_server.core.errors import suggestion
from fake_server.core.number_words import counted
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.server.dialogue import PROTOBUF, Dialogue, Line, ProbeEnded, is_missing, not_offered
from tinker_conformance.server.exchanges import Answer, NoAnswerError
from tinker_conformance.server.features import Feature
from tinker_conformance.server.offer import Offer
from tinker_conformance.server.probe_bodies import (
    Json,
    forward_body,
    model_body_of,
    pass_body,
    protobuf_pass,
    sampler_body,
    session_body,
)
from tinker_conformance.server.server_request import Pausing
from tinker_conformance.server.target import RequestBudget

_SCHEME: Final = "tinker://"
_ABOUT_THE_MOMENT: Final = frozenset({402, 408, 409, 425, 429})
"""Statuses of refusals that say nothing about the form of a body."""
_ABOUT_THE_BODY: Final = frozenset({400, 404, 422})
"""Statuses with which servers refuse a base model that they do not have."""


class Workbench:
    """Everything that the probes have created on the server in this run. Not thread-safe.

    Attributes:
        line: The connection to the server.
        offer: What the server offers.
        pausing: How much work makes the server pause.
        checkpoints: The paths of what was saved, which `clean_up` deletes.
        failed_load: The request id of a load that cannot succeed; None before it is sent, empty if it was
            refused.
    """

    def __init__(self, line: Line, offer: Offer, pausing: Pausing) -> None:
        """Store the arguments; nothing is created yet."""
        self.line = line
        self.offer = offer
        self.pausing = pausing
        self.checkpoints: list[str] = []
        self.failed_load: str | None = None
        self._models: list[str] = []
        self._shared: dict[str, str] = {}
        self._impossible: dict[str, ProbeEnded] = {}
        self._numbers: Counter[str] = Counter()
        self._refused_json: set[str] = set()
        self._taken_json: set[str] = set()

    # -- what probes share -----------------------------------------------------------------------

    def session(self, asking: Dialogue) -> str:
        """Return the session that all probes share; the first call opens it."""
        return self._once("session", asking, self.new_session, "session.create")

    def model(self, asking: Dialogue) -> str:
        """Return the model that all probes share; the first call creates it."""
        return self._once("model", asking, self.new_model, "submission.model")

    def sampler(self, asking: Dialogue) -> str:
        """Return the sampler of the base model that all probes share; the first call opens it."""
        return self._once("sampler", asking, self.new_sampler, "submission.sampler")

    def made(self, name: str, asking: Dialogue) -> str:
        """Return the shared session, model or sampler; a failure to create it is a mismatch of this probe."""
        if name not in self._shared:
            make = {"session": self.new_session, "model": self.new_model, "sampler": self.new_sampler}[name]
            self._shared[name] = make(asking)
        return self._shared[name]

    def next_number(self, client: str) -> int:
        """Return the next sequence number of a model or sampler, from 1."""
        self._numbers[client] += 1
        return self._numbers[client]

    def take_back(self, body: Json) -> None:
        """Let the next submission of a model have the sequence number of this one, which was refused."""
        model = str(body.get("model_id"))
        if self._numbers[model] == body.get("seq_id"):
            self._numbers[model] -= 1

    def new_session(self, asking: Dialogue) -> str:
        """Open a session and return its id."""
        answer = asking.post("create_session", session_body())
        session = answer.mapping().get("session_id")
        asking.require(
            answer.ok and isinstance(session, str) and session != "",
            "a reply with a session_id that is text",
            str(answer),
        )
        return str(session)

    def new_model(self, asking: Dialogue, base_model: str | None = None) -> str:
        """Create a model and return its id.

        Raises:
            ProbeEnded: The server has one model already, and refuses another.
            UserError: The server does not have the model that `--base-model` names.
        """
        session = self.session(asking)
        body = model_body_of(session, self.next_model_number(), base_model or self.base_model)
        answer = asking.post("create_model", body)
        if base_model is None:
            self._check_named(answer)
        return self.created_model(asking, answer)

    def next_model_number(self) -> int:
        """Return the next `model_seq_id` of the shared session, from 0."""
        self._numbers["models"] += 1
        return self._numbers["models"] - 1

    def submit_pass(self, asking: Dialogue, model: str, number: int) -> str:
        """Submit a forward-backward pass, in JSON or protobuf, and return the request id.

        The form is the one that the server accepts.
        """
        return self._submit_either(
            asking,
            "forward_backward",
            pass_body(model, number),
            lambda: protobuf_pass(model, number),
            "submission.json_pass",
        )

    def submit_forward(self, asking: Dialogue, model: str, number: int) -> str:
        """Submit a forward pass, in JSON or protobuf, and return the request id.

        The form is the one that the server accepts.
        """
        if Feature.FORWARD in self.offer.missing:
            self._refused_json.add("forward")
        return self._submit_either(
            asking,
            "forward",
            forward_body(model, number),
            lambda: protobuf_pass(model, number, forward_only=True),
            "submission.json_forward",
        )

    def _submit_either(
        self, asking: Dialogue, path: str, body: Json, raw: Callable[[], bytes], judged_by: str
    ) -> str:
        """Submit a body in JSON, or in protobuf if the server refuses JSON; return the request id."""
        answer = None if path in self._refused_json else asking.post(path, body)
        if answer is not None:
            if answer.ok:
                self._taken_json.add(path)
            elif path not in self._taken_json and answer.status not in _ABOUT_THE_MOMENT:
                self._refused_json.add(path)
                answer = None
        if answer is None:
            answer = asking.post("forward_backward", raw=raw(), headers={"content-type": PROTOBUF})
        with asking.prerequisite(judged_by):
            asking.promised(answer)
        return asking.request_id(answer)

    def created_model(self, asking: Dialogue, answer: Answer) -> str:
        """Return the id of the model that a submission of `create_model` creates."""
        if self._models and not answer.ok:
            raise not_offered(
                f"the server has {counted(len(self._models), 'model')} and refuses another: {answer}"
            )
        result = asking.result(asking.request_id(answer))
        model = result.get("model_id")
        asking.require(isinstance(model, str) and model != "", "a model_id that is text", dict(result))
        if str(model) not in self._models:
            self._models.append(str(model))
        return str(model)

    def new_sampler(self, asking: Dialogue, **source: object) -> str:
        """Open a sampler and return its id.

        Args:
            asking: The probe.
            source: `base_model` or `model_path` to sample from. Without either: the base model of the run.
        """
        answer = self.open_sampler(asking, **source)
        sampler = answer.mapping().get("sampling_session_id")
        asking.require(
            answer.ok and isinstance(sampler, str) and sampler != "",
            "a reply with a sampling_session_id that is text",
            str(answer),
        )
        return str(sampler)

    def open_sampler(self, asking: Dialogue, **source: object) -> Answer:
        """Send `create_sampling_session` with the next sequence number, and return the reply."""
        session = self.session(asking)
        number = self._numbers[f"samplers of {session}"]
        self._numbers[f"samplers of {session}"] += 1
        given = source or {"base_model": self.base_model}
        answer = asking.post("create_sampling_session", sampler_body(session, number, **given))
        if not source:
            self._check_named(answer)
        return answer

    @property
    def base_model(self) -> str:
        """The base model to request.

        Raises:
            UserError: Neither an option nor the server's capabilities name one.
        """
        found = self.line.target.base_model or (self.offer.models[0] if self.offer.models else None)
        if found is None:
            raise UserError(
                "the server's capabilities list no model; name one that it serves with --base-model"
            )
        return found

    def _check_named(self, answer: Answer) -> None:
        """Check that a refusal is not about a base model that the user named and the server lacks.

        Raises:
            UserError: The refusal is about that.
        """
        named, listed = self.line.target.base_model, self.offer.models
        refused = answer.status in _ABOUT_THE_BODY
        if refused and named is not None and listed and named not in listed:
            hint = suggestion(named, listed, "name one of them")
            raise UserError(
                f"--base-model {named}: the server refuses it ({answer}). "
                f"Its capabilities list {', '.join(listed)}; {hint}"
            )

    def _once(self, name: str, asking: Dialogue, make: Callable[[Dialogue], str], judged_by: str) -> str:
        if name in self._impossible:
            raise self._impossible[name]
        if name not in self._shared:
            try:
                with asking.prerequisite(judged_by):
                    self._shared[name] = make(asking)
            except ProbeEnded as ended:
                if ended.verdict is Verdict.NOT_TESTABLE:
                    self._impossible[name] = ended
                raise
        return self._shared[name]

    # -- afterwards ------------------------------------------------------------------------------

    def adopt(self, models: Iterable[str], checkpoints: Iterable[str]) -> None:
        """Let `clean_up` also delete the models and checkpoints that releases of the official SDK created."""
        self._models += models
        self.checkpoints += checkpoints

    def clean_up(self) -> None:
        """Delete everything that was created on the server, as far as the server allows that.

        The server's replies are not judged. These requests come on top of the run's limit: one for each
        checkpoint and session, and two for each model.
        """
        asking = Dialogue(self.line)
        self.line.seconds = math.inf
        self.line.budget = RequestBudget(
            len(self.checkpoints) + 2 * len(self._models) + len(self.line.sessions)
        )
        with contextlib.suppress(NoAnswerError, ValueError):
            for path in dict.fromkeys(self.checkpoints):
                delete_checkpoint(asking, path)
            if Feature.UNLOAD_MODEL not in self.offer.missing:
                for model in self._models:
                    unloading = {"type": "unload_model", "model_id": model}
                    promised = asking.post("unload_model", unloading, seconds=10).mapping()
                    if isinstance(request_id := promised.get("request_id"), str):
                        asking.poll(request_id, seconds=10)
            for session in dict.fromkeys(self.line.sessions):
                body = {"reason": "success", "detail": None}
                finished = asking.post(f"sessions/{quote(session, safe='')}/finish", body, seconds=10)
                if is_missing(finished):
                    break


def checkpoint_url(path: str) -> str | None:
    """Return the URL path below `/api/v1/` for a checkpoint; None if its tinker:// path is malformed."""
    run, slash, rest = path.removeprefix(_SCHEME).partition("/")
    if not path.startswith(_SCHEME) or not slash or not rest:
        return None
    return f"training_runs/{quote(run, safe='')}/checkpoints/{quote(rest)}"


def delete_checkpoint(asking: Dialogue, path: str) -> Answer | None:
    """Delete a checkpoint and return the reply; None if its tinker:// path is malformed."""
    url = checkpoint_url(path)
    return None if url is None else asking.ask("DELETE", url, seconds=10)
