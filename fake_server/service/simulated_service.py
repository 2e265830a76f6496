"""The simulated service: sessions, models, checkpoints, submissions and their results.

The engine passes each submission to ``submitted`` and gets results from ``result``;
``fake_server.service.rest_endpoints`` answers all other requests. The work of a submission is done when its
result, or a later one of the same model, is first needed. The work of a model is done in the order of the
sequence numbers, so the order of polls changes no number.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fake_server.core.operations import Operation
from fake_server.core.seeded_numbers import Occurrences, digest, identifier
from fake_server.service.admission import Admission
from fake_server.service.checkpoints import Checkpoint, Checkpoints, CheckpointType, LoraConfig
from fake_server.service.language_model import UNTRAINED, BaseModel, Source, Weights
from fake_server.service.models import DEFAULT_MODEL
from fake_server.service.optimizer import PackedWeights
from fake_server.service.refusals import ServiceRefusal
from fake_server.service.request_values import integer, mapping, text
from fake_server.service.sampling import logprobs_of, sampled
from fake_server.service.service_clock import ServiceClock
from fake_server.service.sessions import DEFAULT_PROJECT, Sampler, Session
from fake_server.service.times_in_names import without_times
from fake_server.service.training import Training, TrainingRun
from fake_server.service.work import Json, Work

KEPT_SNAPSHOTS: Final = 32
"""How many weights without a name (the SDK calls them ephemeral) each training run keeps; the oldest are
dropped.
"""
_OPEN_WEIGHTS: Final = 3
"""How many weights stay unpacked for sampling; each takes up to 10 MB."""
_SAMPLING: Final = (Operation.SAMPLE, Operation.COMPUTE_LOGPROBS)


@dataclass(slots=True)
class _Snapshot:
    """A sampling session for the weights that a model has after some piece of its work.

    Sessions of the kind ``inflight`` share the newest weights that were saved for this kind
    (``SamplingClientKind`` of 0.38.0).
    """

    run: TrainingRun
    work: Work
    weights: PackedWeights | None = None
    inflight: bool = False


class SimulatedService:
    """A simulated Tinker service with state; thread-safe.

    Attributes:
        seed: The number from which every number and id is derived.
        sessions: Sessions by id, in order of creation.
        runs: Training runs by id, in order of creation.
        samplers: Sampling sessions by id, in order of creation.
        checkpoints: All saved weights.
        clock: The clock by which checkpoints expire.
        lock: Held while any of these is read or changed.
    """

    def __init__(self, seed: int, *, strict: bool = False) -> None:
        """Create a service without sessions.

        Args:
            seed: The number from which every number and id is derived.
            strict: Whether to refuse base models that the capabilities do not list, and requests without an
                input.
        """
        self.seed = seed
        self.sessions: dict[str, Session] = {}
        self.runs: dict[str, TrainingRun] = {}
        self.samplers: dict[str, Sampler] = {}
        self.clock = ServiceClock()
        self.checkpoints = Checkpoints(self.clock)
        self.lock = threading.RLock()
        self.admission = Admission(self, strict=strict)
        self._training = Training(self.checkpoints)
        self._snapshots: dict[str, _Snapshot] = {}
        self._gone_snapshots: set[str] = set()
        self._open: list[tuple[PackedWeights, Weights]] = []
        self._base_models: dict[str, BaseModel] = {}
        self._works: dict[str, tuple[TrainingRun | None, Work]] = {}
        self._arrived = 0
        self._occurrences = Occurrences()

    # -- submissions and results -----------------------------------------------------------------

    def refusal(self, operation: Operation, request: Mapping[str, object]) -> ServiceRefusal | None:
        """Return the error by which the service refuses a submission at once, or None if a future is created.

        Args:
            operation: The submitted operation.
            request: The decoded body.
        """
        with self.lock:
            try:
                self.admission.check(operation, request)
            except ServiceRefusal as refusal:
                return refusal
            return None

    def submitted(
        self, future: str, operation: Operation, request: Mapping[str, object], *, completes: bool
    ) -> None:
        """Record a submission. For one that creates a model, call ``created`` instead.

        Args:
            future: The name of the submission's future.
            operation: The submitted operation.
            request: The decoded body.
            completes: Whether the future's script ends in a result; otherwise the submission has no effect on
                the model.
        """
        with self.lock:
            sampling = operation in _SAMPLING
            drawn = self._drawn_for(request) if sampling else ()
            work = Work(operation, request, self._arrivals(), drawn)
            run = None if sampling else self.runs.get(text(request.get("model_id")) or "")
            self._works[future] = (run, work)
            if run is not None:
                run.requests += 1
            if run is not None and completes:
                run.queue.add(work)

    def created(
        self, future: str, operation: Operation, request: Mapping[str, object], model_id: str | None
    ) -> str:
        """Create a training run, for ``create_model`` or a load that names no model (``tinker`` from 0.35).

        Args:
            future: The name of the submission's future.
            operation: The submitted operation, one of these two.
            request: The decoded body.
            model_id: The id that a test has asked for; None for the derived one.

        Returns:
            The model's id. The derived one is ``SESSION:train:NUMBER``, which 0.38.0 derives in the same way.
        """
        with self.lock:
            session_id = text(request.get("session_id"))
            if model_id is None:
                model_id = self._model_id(session_id, request)
            run = self.runs.get(model_id)
            if run is None:
                run = self._new_run(model_id, session_id, request)
                self.runs[model_id] = run
                if session_id is not None and (session := self.sessions.get(session_id)) is not None:
                    session.run_ids.append(model_id)
            work = Work(operation, {"seq_id": 0, **request}, self._arrivals())
            self._works[future] = (run, work)
            run.queue.add(work)
            return model_id

    def snapshot(self, future: str, request: Mapping[str, object], sampler_id: str | None) -> str:
        """Create a sampling session for weights that are saved without a name, and return the session's id.

        Source: ``tinker`` 0.5.1 and later.

        Args:
            future: The name of the submission's future, which was passed to ``submitted`` before.
            request: The decoded body.
            sampler_id: The id that a test has asked for; None for a numbered one.
        """
        with self.lock:
            run, work = self._works[future]
            model_id = text(request.get("model_id")) or ""
            owner = run.session_id if run is not None else None
            if sampler_id is None:
                number = integer(request.get("sampling_session_seq_id"), 0)
                prefix = owner or identifier(self.seed, "sampler of", model_id)
                sampler_id = f"{prefix}:sample:{number}"
            if run is not None:
                inflight = request.get("kind") == "inflight"
                self._snapshots[sampler_id] = _Snapshot(run, work, inflight=inflight)
                self.add_sampler(Sampler(sampler_id, run.base_model.name, session_id=owner), owner)
                self._let_go_of_snapshots(run)
            return sampler_id

    def result(self, future: str) -> Json:
        """Return the result of a submission, in JSON form; if its work is not done yet, do the work first.

        Args:
            future: The name of the submission's future.

        Raises:
            ServiceRefusal: The work failed.
        """
        with self.lock:
            run, work = self._works[future]
            if work.done:
                return work.result()
            if work.operation in _SAMPLING:
                work.do(self._sample)
            elif run is None:
                model_id = work.request.get("model_id")
                raise ServiceRefusal(f"there is no model {model_id!r}; create one first")
            else:
                run.queue.do_until(work, lambda each: self._do(run, each))
            return work.result()

    def logprobs(self, request: Mapping[str, object], tokens: Sequence[int]) -> list[float]:
        """Return the log-probability of each token of a scripted sequence, as if the model had sampled it.

        Args:
            request: The decoded body of the sampling request.
            tokens: The sequence.

        Raises:
            ServiceRefusal: The model cannot be sampled, or a token is not in its vocabulary.
        """
        with self.lock:
            return logprobs_of(self._source(request), request, tokens)

    def advance(self, seconds: float) -> None:
        """Let time pass on the service's own clock."""
        with self.lock:
            self.clock.advance(seconds)

    def forget(self, future: str) -> None:
        """Drop the result of a submission, because no client needs it any more; the model stays as it is."""
        with self.lock:
            self._works.pop(future, None)

    def sequence_ids(self, future: str, count: int) -> list[str]:
        """Return the ids of the sequences that a sampling submission asks for.

        Args:
            future: The name of the submission's future.
            count: The number of sequences.
        """
        with self.lock:
            _, work = self._works[future]
            return [identifier(self.seed, "sequence", work.drawn_for, place) for place in range(count)]

    # -- called by the REST endpoints ------------------------------------------------------------

    def sample_now(self, request: Mapping[str, object]) -> Json:
        """Return a sample at once, without a future.

        Raises:
            ServiceRefusal: The request is invalid.
        """
        return self._sample(Work(Operation.SAMPLE, request, 0, self._drawn_for(request)))

    def new_session(self, request: Mapping[str, object]) -> Session:
        """Open a session.

        The session's id depends on the request, without the times in it, and on how many equal requests came
        before.
        """
        tags = request.get("tags")
        content = [
            sorted(map(str, tags)) if isinstance(tags, list) else [],
            without_times(request.get("user_metadata")),
            request.get("project_id"),
            without_times(request.get("display_name")),
        ]
        session = Session(
            identifier(self.seed, "session", content, self._occurrences.next("session", content)),
            user_metadata=mapping(request.get("user_metadata")),
            display_name=text(request.get("display_name")),
            created_at=self.clock.now,
            project_id=text(request.get("project_id")) or DEFAULT_PROJECT,
        )
        self.sessions[session.session_id] = session
        return session

    def new_sampler(self, request: Mapping[str, object], sampler_id: str | None) -> Sampler:
        """Open a sampling session; if the session has one with the same number already, return that one.

        Whether the checkpoint can be sampled from is checked only when a sample is requested.

        Args:
            request: The decoded body.
            sampler_id: The id that a test has asked for; None for a numbered one.

        Raises:
            ServiceRefusal: There is no checkpoint at the requested path, or the session is finished.
        """
        path = text(request.get("model_path"))
        base_model = text(request.get("base_model")) or DEFAULT_MODEL
        session_id = text(request.get("session_id"))
        self.admission.check_session(session_id)
        if path is not None:
            base_model = self.checkpoints.find(path).base_model.name
        else:
            self.admission.check_base_model(request)
        if sampler_id is None:
            prefix = session_id or identifier(
                self.seed, "sampler", request, self._occurrences.next("sampler", request)
            )
            sampler_id = f"{prefix}:sample:{integer(request.get('sampling_session_seq_id'), 0)}"
            if session_id is not None and (before := self.samplers.get(sampler_id)) is not None:
                return before
        sampler = Sampler(sampler_id, base_model, path, session_id)
        self.add_sampler(sampler, session_id)
        return sampler

    def add_sampler(self, sampler: Sampler, session_id: str | None) -> None:
        """Register a sampling session, also with the session that opened it."""
        self.samplers[sampler.sampler_id] = sampler
        session = self.sessions.get(session_id or "")
        if session is not None and sampler.sampler_id not in session.sampler_ids:
            session.sampler_ids.append(sampler.sampler_id)

    def project_of(self, run_id: str) -> str:
        """Return the project of a training run, which is the project of the run's session."""
        run = self.runs.get(run_id)
        session = self.sessions.get((run.session_id if run is not None else None) or "")
        return DEFAULT_PROJECT if session is None else session.project_id

    def copy_checkpoint(self, found: Checkpoint, ttl_seconds: int | None, project: str | None) -> Checkpoint:
        """Copy a checkpoint into a new training run of a new session (``tinker`` 0.38.0).

        Args:
            found: The checkpoint.
            ttl_seconds: The time to live of the copy in seconds; None for no expiry.
            project: The project of the new session; None for the default project.
        """
        session = self.new_session({"display_name": f"copy of {found.path}", "project_id": project})
        run_id = self._model_id(session.session_id, {"model_seq_id": 0})
        self.runs[run_id] = TrainingRun(run_id, found.base_model, found.lora, session.session_id)
        session.run_ids.append(run_id)
        copy = self.checkpoints.save(
            replace(found, run_id=run_id, time=self.clock.tick(), public=False, expires_at=None)
        )
        self.checkpoints.set_ttl(copy.path, ttl_seconds)
        return self.checkpoints.find(copy.path)

    # -- work ------------------------------------------------------------------------------------

    def _arrivals(self) -> int:
        self._arrived += 1
        return self._arrived - 1

    def _do(self, run: TrainingRun, work: Work) -> Json:
        if work.operation is Operation.SAVE_WEIGHTS_FOR_SAMPLER and not text(work.request.get("path")):
            if run.unloaded:
                raise ServiceRefusal(f"the model {run.run_id!r} was unloaded; create another")
            for snapshot in self._snapshots.values():
                if snapshot.work is work:
                    snapshot.weights = PackedWeights.of(run.trained.weights)
                    run.inflight = snapshot.weights if snapshot.inflight else run.inflight
            return {"type": "save_weights_for_sampler", "path": None}
        return self._training.do(run, work)

    def _sample(self, work: Work) -> Json:
        return sampled(self._source(work.request), work.request, self.seed, work.drawn_for)

    def _drawn_for(self, request: Mapping[str, object]) -> tuple[object, ...]:
        """Return the values on which the random draws of a sample depend, whatever the order of arrival.

        They are the sampling session and the number of the request in it. For requests without these
        (``tinker`` 0.1.x) they are the request's content, and how many equal requests came before.
        """
        sampler, number = text(request.get("sampling_session_id")), request.get("seq_id")
        if sampler is not None and isinstance(number, int):
            return (sampler, number)
        content = {key: value for key, value in request.items() if key != "seq_id"}
        source = [request.get(key) for key in ("sampling_session_id", "model_path", "base_model")]
        return (*source, digest(content), self._occurrences.next("sample", content))

    def _source(self, request: Mapping[str, object]) -> Source:
        sampler_id, path = text(request.get("sampling_session_id")), text(request.get("model_path"))
        if sampler_id is not None:
            if (snapshot := self._snapshots.get(sampler_id)) is not None:
                run = snapshot.run
                run.queue.do_until(snapshot.work, lambda each: self._do(run, each))
                snapshot.work.result()
                packed = run.inflight if snapshot.inflight else snapshot.weights
                assert packed is not None  # noqa: S101 - its work was done, without a refusal
                return Source(run.base_model, self._unpacked(packed))
            if sampler_id in self._gone_snapshots:
                raise ServiceRefusal(
                    f"the weights of {sampler_id!r} were dropped, since {KEPT_SNAPSHOTS} newer ones were "
                    "saved without a name; give a name to weights that must be kept"
                )
            sampler = self.samplers.get(sampler_id)
            if sampler is None:
                raise ServiceRefusal(f"there is no sampling session {sampler_id!r}; open one first")
            if sampler.model_path is None:
                return Source(self._base_model(sampler.base_model), UNTRAINED)
            path = sampler.model_path
        if path is not None:
            return self._saved_source(path)
        return Source(self._base_model(text(request.get("base_model")) or DEFAULT_MODEL), UNTRAINED)

    def _saved_source(self, path: str) -> Source:
        found = self.checkpoints.find(path)
        if found.kind is not CheckpointType.SAMPLER:
            raise ServiceRefusal(
                f"{path!r} is a {found.kind} checkpoint; sample from one that save_weights_for_sampler made"
            )
        return Source(found.base_model, self._unpacked(found.trained.weights))

    def _unpacked(self, packed: PackedWeights) -> Weights:
        """Return weights to sample from; the most recently used weights stay unpacked."""
        for place, (known, weights) in enumerate(self._open):
            if known is packed:
                self._open.append(self._open.pop(place))
                return weights
        weights = packed.unpacked() if len(packed) else UNTRAINED
        self._open = [*self._open[1 - _OPEN_WEIGHTS :], (packed, weights)]
        return weights

    def _let_go_of_snapshots(self, run: TrainingRun) -> None:
        of_run = [name for name, snapshot in self._snapshots.items() if snapshot.run is run]
        for name in of_run[:-KEPT_SNAPSHOTS]:
            del self._snapshots[name]
            self._gone_snapshots.add(name)

    def _base_model(self, name: str) -> BaseModel:
        found = self._base_models.get(name)
        if found is None:
            found = self._base_models[name] = BaseModel(self.seed, name)
        return found

    def _model_id(self, session_id: str | None, request: Mapping[str, object]) -> str:
        number = request.get("model_seq_id")
        if session_id is not None and isinstance(number, int):
            return f"{session_id}:train:{number}"
        content = {key: without_times(value) for key, value in request.items() if key != "type"}
        return identifier(self.seed, "model", content, self._occurrences.next("model", content))

    def _new_run(self, model_id: str, session_id: str | None, request: Mapping[str, object]) -> TrainingRun:
        base_model, config = text(request.get("base_model")), mapping(request.get("lora_config"))
        lora = LoraConfig(
            integer(config.get("rank"), 32),
            config.get("train_unembed") is not False,
            config.get("train_mlp") is not False,
            config.get("train_attn") is not False,
        )
        metadata = mapping(request.get("user_metadata")) or None
        if (path := text(request.get("path"))) is not None:
            try:
                loaded = self.checkpoints.find(path)
            except ServiceRefusal:
                pass  # the future fails with this error once it is polled
            else:
                base_model, lora = base_model or loaded.base_model.name, loaded.lora
        return TrainingRun(
            model_id, self._base_model(base_model or DEFAULT_MODEL), lora, session_id, metadata
        )
