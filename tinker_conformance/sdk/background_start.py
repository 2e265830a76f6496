"""An SDK that starts on a thread of its own, while something else goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from tinker_conformance.sdk.session import SdkSession


class StartsEarly:
    """Starts at once; whoever is given ``ready`` closes the session, and the end of a ``with`` block does.

    with ExitStack() as opened:
        reference = opened.enter_context(StartsEarly(lambda: open_sdk("reference")))
        judge = Judge(open_sdk("official"), reference.ready, profile, scenarios)
        opened.pop_all()
    """

    def __init__(self, start: Callable[[], SdkSession]) -> None:
        """Calls ``start`` on a thread of its own."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="conformance-start")
        self._session = thread.submit(start)
        thread.shutdown(wait=False)

    def ready(self) -> SdkSession:
        """Waits until it has started.

        Raises:
            Exception: What ``start`` raised.
        """
        return self._session.result()

    def __enter__(self) -> Self:
        """Nothing more: it starts already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it, if it could be started."""
        with contextlib.suppress(Exception):
            self.ready().close()
