"""The worker process that runs verbs with one release of the official SDK against a server.

A verb is one thing that a user does with the SDK, such as "sample". The kit starts this process with the
interpreter of the release's environment, as `python -m tinker_conformance.server.releases.release_worker`.
The environment has the variables `TINKER_BASE_URL`, `TINKER_API_KEY`, `TINKER_CONFORMANCE_BASE_MODEL` (may be
missing), `TINKER_CONFORMANCE_PREFIX` and `TINKER_CONFORMANCE_TALLY`, a file that grows by one byte with each
request that the SDK sends. The worker reads `AskMessage` lines from standard input and answers each with a
`VerbDone`. Anything that the SDK prints goes to standard error.

A verb runs on a thread of its own. If the verb does not end in time, the answer says where it hangs, and the
process cannot be used again: the thread cannot be stopped.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from typing import Final

from tinker_conformance.report.verb_outcome import VerbOutcome
from tinker_conformance.server.releases.exchange_log import ExchangeLog
from tinker_conformance.server.releases.release_failures import VerbError, described_failure
from tinker_conformance.server.releases.release_messages import AskMessage, VerbDone, decode_ask, encode
from tinker_conformance.server.target import KEY_VARIABLE

BASE_MODEL: Final = "TINKER_CONFORMANCE_BASE_MODEL"
PREFIX: Final = "TINKER_CONFORMANCE_PREFIX"
TALLY: Final = "TINKER_CONFORMANCE_TALLY"
_LOOK_SECONDS: Final = 0.05
"""How often to check whether the verb has ended, or may send no more requests, in real seconds."""


class _Attempt:
    """A verb that runs on a thread of its own."""

    def __init__(self) -> None:
        self.began: float | None = None
        """When the preparation was over, on the monotonic clock."""
        self.error: BaseException | None = None
        self.ended = threading.Event()


def main() -> None:
    """Answer every request of the kit, until standard input ends."""
    # Whatever the SDK prints must not end up between the messages.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    warnings.simplefilter("ignore")
    log = ExchangeLog(tally=os.open(os.environ[TALLY], os.O_WRONLY | os.O_APPEND))
    log.install()
    from tinker_conformance.server.releases.sdk_calls import ReleaseClient  # noqa: PLC0415 - imports the SDK

    session = ReleaseClient(os.environ.get(BASE_MODEL), os.environ.get(PREFIX, "conformance"))
    first = True
    for line in sys.stdin.buffer:
        asked = decode_ask(line)
        if first:
            session.restore(asked.kept)
            first = False
        answers.write(encode(_done(asked, session, log)) + b"\n")
    # The SDK's threads would go on with heartbeats.
    sys.stdout.flush()
    os._exit(0)


def _done(asked: AskMessage, session: object, log: ExchangeLog) -> VerbDone:
    attempt = _Attempt()
    log.clear(asked.most_requests)
    started = time.monotonic()
    threading.Thread(target=_run, args=(asked.verb, session, attempt), daemon=True).start()
    while not attempt.ended.wait(_LOOK_SECONDS):
        if log.spent.is_set() or time.monotonic() - started >= asked.seconds:
            break
    outcome, note, alive = _judged(attempt, log)
    kept = session.kept  # type: ignore[attr-defined] # its class can only be imported late
    return VerbDone(
        outcome=outcome,
        note=note,
        seconds=round(time.monotonic() - started, 3),
        kept=kept,
        alive=alive,
        spent=not attempt.ended.is_set() and log.spent.is_set(),
    )


def _run(verb: str, session: object, attempt: _Attempt) -> None:
    from tinker_conformance.server.releases.sdk_calls import CALLS  # noqa: PLC0415 - imports the SDK

    try:
        act = CALLS[verb](session)  # type: ignore[arg-type] # see above
        attempt.began = time.monotonic()
        act()
    except BaseException as error:  # noqa: BLE001 - whatever the SDK raises is the finding
        attempt.error = error
    finally:
        attempt.ended.set()


def _judged(attempt: _Attempt, log: ExchangeLog) -> tuple[VerbOutcome, str, bool]:
    if not attempt.ended.is_set():
        where = log.hangs_where()
        return VerbOutcome.HANG, where if attempt.began else f"before it began: {where}", False
    error = attempt.error
    if error is None:
        return VerbOutcome.WORKS, "", True
    if isinstance(error, VerbError) and error.outcome is not VerbOutcome.ERROR:
        return error.outcome, str(error), True
    outcome, note = described_failure(error, log.sent, key=os.environ.get(KEY_VARIABLE, ""))
    if attempt.began is None and outcome is VerbOutcome.ERROR:
        return VerbOutcome.NOT_TESTABLE, f"before it began: {note}", True
    return outcome, note, True


if __name__ == "__main__":
    main()
