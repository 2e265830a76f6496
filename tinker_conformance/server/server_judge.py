"""Judge a server by one probe: run the probe's check, and turn its mismatches into a verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Final

from tinker_conformance.error_families import ServerUnderTestError, UserError
from tinker_conformance.judging.judge import Judgement, Verdict
from tinker_conformance.server.dialogue import Dialogue, Line, ProbeEnded
from tinker_conformance.server.exchanges import NoAnswerError
from tinker_conformance.server.probe import Probe
from tinker_conformance.server.probing import Probing
from tinker_conformance.server.server_request import Pausing
from tinker_conformance.server.survey import survey
from tinker_conformance.server.workbench import Workbench

_MOST_LOST: Final = 2
"""After this many probes in a row without a reply, the judge asks whether the server is still there."""
_ALIVE_SECONDS: Final = 10.0


class ServerJudge:
    """Judges one server by probes. Not thread-safe."""

    def __init__(self, line: Line, pausing: Pausing) -> None:
        """Find out what the server offers.

        Args:
            line: The connection to the server; `close` closes it.
            pausing: How much work makes the server pause, if the user has said so.

        Raises:
            ServerUnderTestError: The server cannot be reached.
            UserError: The server refuses the API key.
        """
        self._lost = self._silent = 0
        self._line = line
        self._bench = Workbench(line, survey(line), pausing)

    def judge(self, probe: Probe) -> Judgement:
        """Judge the server by one probe.

        Raises:
            ServerUnderTestError: Nothing listens at the server's address any more.
            UserError: The run may send no more requests, or the user must name a base model.
        """
        if (why := self._bench.offer.lacks(probe.needs)) is not None:
            return Judgement(probe, Verdict.NOT_OFFERED, note=why)
        probing = Probing(self._bench, probe.id)
        note, verdict, fix_first = "", Verdict.PASSED, tuple[str, ...]()
        try:
            probe.check(probing)
        except ProbeEnded as ended:
            note, verdict = str(ended), ended.verdict
            fix_first = () if ended.fix_first is None else (ended.fix_first,)
        except NoAnswerError as error:
            probing.unanswered(error)
            self._count(error)
        except (UserError, ServerUnderTestError):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of the kit is not one of the server
            text = f"the probe failed with {type(error).__name__}: {error}"
            return Judgement(probe, Verdict.KIT_ERROR, note=self._line.target.without_key(text))
        else:
            self._lost = self._silent = 0
        if probing.mismatches:
            verdict = Verdict.FAILED
        return Judgement(
            probe,
            verdict,
            tuple(probing.mismatches),
            note=self._line.target.without_key(note),
            fix_first=fix_first,
            exchanges=probing.timeline,
        )

    @property
    def meets_tinker(self) -> bool:
        """Whether the server answered any known path as a server of the Tinker API does."""
        return self._bench.offer.is_tinker

    def adopt(self, models: Iterable[str], checkpoints: Iterable[str]) -> None:
        """Let `close` also delete the models and checkpoints that releases of the official SDK created."""
        self._bench.adopt(models, checkpoints)

    def close(self) -> None:
        """Delete everything that the probes created on the server, and close every connection."""
        with contextlib.suppress(NoAnswerError):
            self._bench.clean_up()
        self._line.sender.close()

    def _count(self, error: NoAnswerError) -> None:
        self._lost = 0 if error.connected else self._lost + 1
        self._silent += 1
        if self._lost >= _MOST_LOST or (self._silent >= _MOST_LOST and not self._answers()):
            raise ServerUnderTestError(
                f"the server at {self._line.target.url} went away: {error}; find out why it ended"
            )

    def _answers(self) -> bool:
        """Return whether the server still answers the request that every client sends first."""
        try:
            Dialogue(self._line).post("client/config", {}, seconds=_ALIVE_SECONDS)
        except NoAnswerError:
            return False
        return True
