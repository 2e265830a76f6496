"""Run releases of the official SDK against a server, one after the other.

A verb is one thing that a user does with the SDK, such as "sample". Each worker counts the requests of its
release in a file, and `--max-requests` limits them, too.

Failures. A release whose environment cannot be built raises `SdkStartError` before anything is sent. If a
worker hangs, crashes or answers nonsense, that is the outcome of its verb; the next verb gets a new worker.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from tinker_conformance.report.records import VerbRecord
from tinker_conformance.report.release_matrix import CUT_OFF, NEEDS, ReleaseMatrix, matrix_of_releases
from tinker_conformance.report.verb_outcome import VerbOutcome
from tinker_conformance.sdk.official.environments import LeanEnvironment, lean_environment
from tinker_conformance.sdk.process.line_process import LineProcess, LineProcessError
from tinker_conformance.sdk.temporary_folder import TemporaryFolder
from tinker_conformance.server.releases.release_messages import (
    AskMessage,
    Kept,
    VerbDone,
    decode_done,
    encode,
)
from tinker_conformance.server.releases.release_worker import BASE_MODEL, PREFIX, TALLY
from tinker_conformance.server.releases.verbs import VERBS, Verb
from tinker_conformance.server.target import DEFAULT_PER_RELEASE, KEY_VARIABLE, RequestBudget, ServerUnderTest

VERB_SECONDS: Final = 60.0
"""Time limit of one verb, in real seconds. The SDK gives up a poll after 45 s, and polls again."""
START_SECONDS: Final = 60.0
"""How much longer the first verb of a new worker may take, in real seconds, to import the SDK."""
_GRACE_SECONDS: Final = 10.0
_MOST_LINE: Final = 1024 * 1024

Report = Callable[[VerbRecord], object]


def judge_releases(
    target: ServerUnderTest,
    releases: Sequence[str],
    *,
    seconds: float = VERB_SECONDS,
    verbs: Sequence[Verb] = VERBS,
    budget: RequestBudget | None = None,
    done: Report = lambda _record: None,
    left: Callable[[Kept], object] = lambda _kept: None,
    say: Callable[[str], None] = lambda _text: None,
) -> ReleaseMatrix:
    """Run each verb with each release against a server.

    Args:
        target: The server.
        releases: Releases of `tinker`.
        seconds: Time limit of one verb, in real seconds.
        verbs: The verbs, in the order in which to run them.
        budget: How many requests may be sent; None for `DEFAULT_PER_RELEASE` for each release.
        done: Called with each record as soon as its verb has ended.
        left: Called with what a release created on the server and did not delete.
        say: Called with a line of text for each step that takes time.

    Raises:
        SdkStartError: The environment of a release cannot be built. In this case no release has run.
        UserError: The run may send no more requests.
    """
    if budget is None:
        budget = RequestBudget(DEFAULT_PER_RELEASE * len(releases))
    environments = [lean_environment(release, report=say) for release in releases]
    records: list[VerbRecord] = []
    for environment in environments:
        say(f"driving tinker {environment.version}")
        with contextlib.closing(_Release(target, environment, seconds, budget)) as release:
            try:
                for record in release.drive(verbs):
                    records.append(record)
                    done(record)
            except BaseException:
                if (cut_off := release.cut_off()) is not None:
                    done(cut_off)
                raise
            finally:
                left(release.kept)
    return matrix_of_releases(records)


class _Release:
    """One release: its worker process, and what the release has created on the server so far."""

    def __init__(
        self, target: ServerUnderTest, environment: LeanEnvironment, seconds: float, budget: RequestBudget
    ) -> None:
        self.kept = Kept()
        self._target = target
        self._environment = environment
        self._seconds = seconds
        self._budget = budget
        self._counted = 0
        self._verb = ""
        self._worker: LineProcess | None = None
        self._home: TemporaryFolder | None = None
        self._prefix = f"conformance-{uuid.uuid4().hex[:8]}"

    def drive(self, verbs: Sequence[Verb]) -> Iterator[VerbRecord]:
        """Run one verb after the other, and yield a record of each."""
        met: dict[str, VerbOutcome] = {}
        for verb in verbs:
            self._verb = verb.name
            done = _unmet(verb, met) or _needed(verb, self._ask(verb))
            met[verb.name] = done.outcome
            self._verb = ""
            yield VerbRecord(
                release=self._environment.version,
                verb=verb.name,
                outcome=done.outcome,
                note=self._target.without_key(done.note),
                seconds=done.seconds,
            )

    def cut_off(self) -> VerbRecord | None:
        """Return the record of the verb that an interrupt broke off; None between two verbs."""
        if not self._verb:
            return None
        return VerbRecord(
            release=self._environment.version,
            verb=self._verb,
            outcome=VerbOutcome.NOT_TESTABLE,
            note=f"{CUT_OFF}the run ended early",
        )

    def close(self) -> None:
        """End the worker, and remove its home folder."""
        self._end_worker()
        self._count()
        if self._home is not None:
            self._home.remove()
            self._home = None

    def _ask(self, verb: Verb) -> VerbDone:
        seconds = self._seconds + _GRACE_SECONDS
        try:
            if self._worker is None:
                self._worker = self._started()
                seconds += START_SECONDS
            most = self._counted + self._budget.left
            asked = AskMessage(verb=verb.name, seconds=self._seconds, most_requests=most, kept=self.kept)
            self._worker.send(encode(asked))
            done = decode_done(self._worker.receive(seconds))
        except (LineProcessError, msgspec.MsgspecError) as error:
            done = self._lost(error)
        else:
            self.kept = done.kept
            if not done.alive:
                self._end_worker()
        self._count()
        if done.spent:
            raise self._budget.exceeded(f"driving tinker {self._environment.version} ({verb.name})")
        return done

    def _count(self) -> None:
        """Count the requests that the worker has sent, even if it ended in the middle of a verb."""
        if self._home is not None:
            sent = self._tally.stat().st_size
            self._budget.spend(sent - self._counted)
            self._counted = sent

    def _started(self) -> LineProcess:
        if self._home is None:
            self._home = TemporaryFolder()
            self._tally = self._home.path / "requests"
            self._tally.touch()
        # The user's own credentials and settings must not decide what is found.
        home = str(self._home.path)
        variables = {
            **self._environment.environment(),
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "TINKER_BASE_URL": self._target.url,
            KEY_VARIABLE: self._target.api_key,
            PREFIX: self._prefix,
            TALLY: str(self._tally),
        }
        if self._target.base_model is not None:
            variables[BASE_MODEL] = self._target.base_model
        program = "tinker_conformance.server.releases.release_worker"
        command = [str(self._environment.python), "-m", program]
        return LineProcess(command, environment=variables, max_line=_MOST_LINE)

    def _lost(self, error: Exception) -> VerbDone:
        stderr = "" if self._worker is None else self._worker.stderr_tail().strip()
        self._end_worker()
        last = stderr.splitlines()[-1] if stderr else "it printed nothing"
        return VerbDone(outcome=VerbOutcome.ERROR, note=f"SDK: {error} ({last})", alive=False)

    def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.close(politely=False)


def _needed(verb: Verb, done: VerbDone) -> VerbDone:
    """Return the outcome of a verb.

    It is an error if the server lacks an endpoint that the verb must have.
    """
    if done.outcome is not VerbOutcome.NOT_OFFERED or verb.endpoint is None:
        return done
    if verb.endpoint and f"/{verb.endpoint}:" in done.note:
        return done
    return msgspec.structs.replace(done, outcome=VerbOutcome.ERROR, note=f"server: {done.note}")


def _unmet(verb: Verb, met: dict[str, VerbOutcome]) -> VerbDone | None:
    """Return the outcome of a verb that cannot run because an earlier verb did not work, or None."""
    for need in verb.needs:
        match met.get(need, VerbOutcome.WORKS):
            case VerbOutcome.WORKS:
                continue
            case VerbOutcome.ABSENT:
                return VerbDone(outcome=VerbOutcome.ABSENT)
            case VerbOutcome.NOT_OFFERED:
                return VerbDone(outcome=VerbOutcome.NOT_OFFERED, note=f"{NEEDS}{need}, which is not offered")
            case found:
                why = {VerbOutcome.ERROR: "failed", VerbOutcome.HANG: "hangs"}.get(found, "was not testable")
                return VerbDone(outcome=VerbOutcome.NOT_TESTABLE, note=f"{NEEDS}{need}, which {why}")
    return None
