"""Starts an SDK on a background thread, so that other work can go on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from tinker_conformance.sdk.session import SdkSession


class StartsEarly:
    """A session that starts in the background. The end of a ``with`` block closes it.

    Once another object owns the session, leave the block without closing it::

        with ExitStack() as opened:
            reference = opened.enter_context(StartsEarly(lambda: open_sdk("reference")))
            judge = Judge(open_sdk("official"), reference.ready, profile, scenarios)
            opened.pop_all()
    """

    def __init__(self, start: Callable[[], SdkSession]) -> None:
        """Call ``start`` on a background thread.

        Args:
            start: Opens the session.
        """
        thread = ThreadPoolExecutor(1, thread_name_prefix="conformance-start")
        self._session = thread.submit(start)
        thread.shutdown(wait=False)

    def ready(self) -> SdkSession:
        """Wait until the session has started, and return it.

        Raises:
            Exception: The error that ``start`` raised.
        """
        return self._session.result()

    def __enter__(self) -> Self:
        """Return this object; the start has already begun."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the session if it has started."""
        with contextlib.suppress(Exception):
            self.ready().close()
