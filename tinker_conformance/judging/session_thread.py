"""Run the scenarios of one SDK session (an SDK that is ready to run scenarios) on one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession


class SessionThread:
    """Runs scenarios with one session, one after another, on a thread of its own.

    The object itself is not thread-safe.
    """

    def __init__(self, name: str, open_session: Callable[[], SdkSession]) -> None:
        """Start the thread, which opens the session.

        Args:
            name: The end of the thread's name.
            open_session: Returns the session; called once, on the new thread. Every run raises what it
                raises.
        """
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"conformance-{name}")
        self._session: Future[SdkSession] = Future()
        self._runs: list[Future[Run]] = []
        # Nobody waits for a thread of this kind in the end: an SDK may take minutes to start.
        opening = threading.Thread(target=self._open, args=(open_session,), name=f"open-{name}", daemon=True)
        opening.start()

    @property
    def ready(self) -> bool:
        """Return whether the session is open."""
        return self._session.done() and self._session.exception() is None

    @property
    def waiting(self) -> int:
        """Return the number of runs that have not ended."""
        self._runs = [run for run in self._runs if not run.done()]
        return len(self._runs)

    def begin(self, scenario: Scenario, profile: Profile) -> Future[Run]:
        """Queue a scenario, and return the future of its run, which raises what `open_session` has raised."""
        run = self._thread.submit(lambda: self._session.result().run(scenario, profile))
        self._runs.append(run)
        return run

    def close(self) -> None:
        """Cancel the queued runs, wait for the run in progress, and close the session.

        A session that is still opening, and runs nothing, is closed as soon as it is open.
        """
        for run in self._runs:
            run.cancel()
        self._thread.shutdown()
        self._session.add_done_callback(_close)

    def kill(self) -> None:
        """Kill the session, as soon as it is open, so that `close` does not wait for a scenario.

        Thread-safe.
        """
        self._session.add_done_callback(_kill)

    def _open(self, open_session: Callable[[], SdkSession]) -> None:
        try:
            session = open_session()
        except BaseException as error:  # noqa: BLE001 - every run raises it
            self._session.set_exception(error)
        else:
            self._session.set_result(session)


def _close(session: Future[SdkSession]) -> None:
    if session.exception() is None:
        session.result().close()


def _kill(session: Future[SdkSession]) -> None:
    if session.exception() is None:
        session.result().kill()
