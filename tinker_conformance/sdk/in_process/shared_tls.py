"""Cache TLS contexts in a worker process, because creating one for each HTTP client takes long."""

from __future__ import annotations

import functools
import ssl
from typing import Any


def share_ssl_contexts() -> None:
    """Cache the results of `ssl.create_default_context` in this process, which must be a worker.

    Otherwise each HTTP client loads the certificates again, in about 20 ms. The official SDK creates several
    clients per session: a scenario took 95 ms and now takes 9 ms (tinker 0.6.3). Calls with the same
    arguments then return the same object.
    """
    module: Any = ssl
    if not hasattr(module.create_default_context, "cache_clear"):
        module.create_default_context = functools.cache(module.create_default_context)
