"""A session, and the thread that alone uses it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tinker_conformance.profile.profile import Profile
from tinker_conformance.scenario.scenario import Scenario
from tinker_conformance.sdk.session import Run, SdkSession


class SessionThread:
    """Runs scenarios with one session, one after another, while the caller goes on.

    The object itself is not thread-safe.
    """

    def __init__(self, name: str, open_session: Callable[[], SdkSession]) -> None:
        """Open the session on its thread.

        Args:
            name: The end of the thread's name.
            open_session: Called once, on the thread. What it raises is raised by every run.
        """
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"conformance-{name}")
        self._session = self._thread.submit(open_session)
        self._runs: list[Future[Run]] = []

    @property
    def ready(self) -> bool:
        """Whether the session is open."""
        return self._session.done() and self._session.exception() is None

    @property
    def waiting(self) -> int:
        """How many runs have not ended."""
        self._runs = [run for run in self._runs if not run.done()]
        return len(self._runs)

    def begin(self, scenario: Scenario, profile: Profile) -> Future[Run]:
        """Queue a scenario; the future raises what `open_session` has raised."""
        run = self._thread.submit(lambda: self._session.result().run(scenario, profile))
        self._runs.append(run)
        return run

    def close(self) -> None:
        """Cancel the runs that have not begun, wait for the one that has, and close the session."""
        for run in self._runs:
            run.cancel()
        self._thread.shutdown()
        # It was opened in any case, even if it ran nothing, and only this object can close it.
        if self._session.exception() is None:
            self._session.result().close()

    def kill(self) -> None:
        """Kill the session, at once or as soon as it is open, so that `close` need not wait for a scenario.

        Thread-safe.
        """

        def kill_session(session: Future[SdkSession]) -> None:
            if not session.cancelled() and session.exception() is None:
                session.result().kill()

        self._session.add_done_callback(kill_session)
