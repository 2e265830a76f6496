"""Record what an SDK does (`--record FILE`), and replay the file without the SDK (`--sdk recorded:FILE`).

A recording shows what a change of the kit alters, even where the SDK itself is not available: another
language, another machine, a build that is gone. A recording holds timelines, so it does not depend on
requirements and profiles. The file has one JSON object per line: first the SDK, then each scenario.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from fake_server.core.bounded_files import read_bytes
from fake_server.core.errors import FileError
from tinker_conformance._version import __version__
from tinker_conformance.clocks.sdk_clocks import SdkClock
from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.encoding import encode_scenario
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.adapter import AdapterInfo
from tinker_conformance.sdk.session import Fault, FaultKind, Run, SdkSession
from tinker_conformance.sdk.wrapped_session import WrappedSession
from tinker_conformance.timeline import Event

FORMAT: Final = 1
"""The version of the file's format. It increases when older files can no longer be read."""
MOST_BYTES: Final = 50_000_000


class RecordedSdk(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a recording: the SDK.

    Attributes:
        format: The value of `FORMAT` in the kit that wrote the recording.
        kit: The version of that kit.
        spec: The SPEC that named the SDK.
        info: The SDK's name, version and claims.
        clock: How the kit moved the SDK's clocks.
    """

    format: int = FORMAT
    kit: str
    spec: str
    info: AdapterInfo
    clock: SdkClock


class RecordedScenario(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Any other line of a recording: what the SDK did in one scenario.

    Attributes:
        scenario: The scenario's id, for readers of the file.
        digest: A digest of the scenario. If the scenario has changed since, this line is not replayed.
        timeline: The events.
        fault: The kind of fault, if the scenario did not run to its end.
        fault_text: The text of that fault.
    """

    scenario: str
    digest: str
    timeline: tuple[Event, ...]
    fault: FaultKind | None = None
    fault_text: str = ""


class RecordingSession(WrappedSession):
    """An SDK session that writes everything the SDK does to a recording. Not thread-safe."""

    def __init__(self, session: SdkSession, path: Path) -> None:
        """Wrap an SDK session; nothing is recorded yet.

        Args:
            session: The SDK session that runs the scenarios; `close` closes it, too.
            path: The file of the recording, which `close` replaces.
        """
        super().__init__(session)
        self._path = path
        self._runs: dict[str, RecordedScenario] = {}
        self._killed = False

    def run(self, scenario: Scenario, profile: Profile) -> Run:
        """Run a scenario. The first run of each scenario is recorded."""
        run = super().run(scenario, profile)
        digest = _digest(scenario)
        if (
            digest not in self._runs and not self._killed
        ):  # a run that `kill` broke off says nothing of the SDK
            self._runs[digest] = RecordedScenario(
                scenario=scenario.id,
                digest=digest,
                timeline=run.timeline,
                fault=None if run.fault is None else run.fault.kind,
                fault_text="" if run.fault is None else run.fault.text,
            )
        return run

    def close(self) -> None:
        """Close the wrapped SDK session and write the recording.

        Raises:
            UserError: If the file cannot be written.
        """
        super().close()
        first = RecordedSdk(kit=__version__, spec=self.spec, info=self.info, clock=self.clock)
        try:
            self._path.write_bytes(_encoded(first, self._runs.values()))
        except OSError as error:
            why = error.strerror or error
            raise UserError(f"{self._path}: cannot be written ({why}); name another file") from error

    def kill(self) -> None:
        """Kill the wrapped SDK session; the scenario that it still runs is not recorded. Thread-safe."""
        self._killed = True
        super().kill()


class ReplayedSession:
    """An SDK session that returns the runs of a recording, without the SDK.

    A scenario that is not in the recording is not testable.
    """

    def __init__(self, spec: str, path: Path) -> None:
        """Read a recording.

        Args:
            spec: The SPEC that named the recording, for messages.
            path: The file of the recording.

        Raises:
            UserError: If the file is not a recording that this version of the kit reads.
        """
        self.spec = spec
        self._path = path
        self._sdk, runs = _decoded(path)
        self._runs = {run.digest: run for run in runs}

    @property
    def info(self) -> AdapterInfo:
        """The name, version and claims of the SDK that was recorded."""
        return self._sdk.info

    @property
    def clock(self) -> SdkClock:
        """The clock that the kit moved when it recorded the SDK."""
        return self._sdk.clock

    def run(self, scenario: Scenario, profile: Profile) -> Run:  # noqa: ARG002 - an SDK knows no profile
        """Return what the SDK did in a scenario."""
        run = self._runs.get(_digest(scenario))
        if run is None:
            text = (
                f"{self._path} holds no run of {scenario.id} in its present form; record the SDK again, "
                f"which was {self._sdk.spec}: tinker-conformance run --sdk SPEC --record FILE"
            )
            return Run((), Fault(FaultKind.NOT_TESTABLE, text))
        return Run(run.timeline, None if run.fault is None else Fault(run.fault, run.fault_text))

    def close(self) -> None:
        """Do nothing: no process runs."""

    def kill(self) -> None:
        """Do nothing: no process runs."""


def check_place_of_recording(path: Path) -> None:
    """Check, before a run, that a recording can be written to `path`.

    Raises:
        UserError: If the folder of the file does not exist, or `path` is a folder.
    """
    if not path.absolute().parent.is_dir():
        raise UserError(f"{path}: its folder does not exist; create it first")
    if path.is_dir():
        raise UserError(f"{path}: is a folder; name a file")


def _digest(scenario: Scenario) -> str:
    content = msgspec.json.encode(encode_scenario(scenario), order="sorted")
    return hashlib.sha256(content).hexdigest()[:16]


def _encoded(first: RecordedSdk, runs: Iterable[RecordedScenario]) -> bytes:
    lines = [msgspec.json.encode(first, order="sorted"), *(_line(run) for run in runs)]
    return b"\n".join([*lines, b""])


def _line(run: RecordedScenario) -> bytes:
    """Return one line of a recording as JSON, without the fields that have their default."""
    fields = msgspec.to_builtins(run)
    fields["timeline"] = [_event(event) for event in run.timeline]
    return msgspec.json.encode(fields)


def _event(event: Event) -> dict[str, object]:
    defaults = {field.name: field.default for field in msgspec.structs.fields(event)}
    fields: dict[str, object] = msgspec.to_builtins(event)
    return {key: value for key, value in fields.items() if key not in defaults or value is not defaults[key]}


def _decoded(path: Path) -> tuple[RecordedSdk, list[RecordedScenario]]:
    try:
        lines = [line for line in read_bytes(path, most=MOST_BYTES).split(b"\n") if line]
    except FileError as error:
        raise UserError(error.of(str(path))) from error
    where = 1
    try:
        sdk = msgspec.json.decode(lines[0] if lines else b"", type=RecordedSdk)
        runs = []
        for where, line in enumerate(lines[1:], 2):  # noqa: B007 - names the line in the message
            runs.append(msgspec.json.decode(line, type=RecordedScenario))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        message = f"{path}, line {where}: {error}; name a file that `run --record` wrote"
        raise UserError(message) from error
    if sdk.format != FORMAT:
        raise UserError(f"{path}: format {sdk.format}; this kit reads {FORMAT}, so record it again")
    return sdk, runs
