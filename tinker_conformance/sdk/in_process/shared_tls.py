"""TLS contexts, made once for a worker process."""

from __future__ import annotations

import functools
import ssl
from typing import Any


def share_ssl_contexts() -> None:
    """Makes default TLS contexts once: each HTTP client would load the certificates anew, some 20 ms a time.

    The official SDK makes several for each session: 95 ms a scenario became 9 (tinker 0.6.3). Contexts made
    with the same arguments are the same object afterwards, in this whole process, which is meant to be a
    worker.
    """
    module: Any = ssl
    if not hasattr(module.create_default_context, "cache_clear"):
        module.create_default_context = functools.cache(module.create_default_context)
