"""SDKs written in Python, driven by an adapter class in a worker process.

The worker runs each scenario with frozen clocks and the fake server in the same process, and records the
timeline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.sdk.in_process.shared_tls import share_ssl_contexts
    from tinker_conformance.sdk.in_process.worker import load_adapter
    from tinker_conformance.sdk.in_process.worker_session import WorkerSession

__all__ = [
    "WorkerSession",
    "load_adapter",
    "share_ssl_contexts",
]

__getattr__ = lazy_exports(
    __name__,
    {
        "shared_tls": "share_ssl_contexts",
        "worker": "load_adapter",
        "worker_session": "WorkerSession",
    },
)
