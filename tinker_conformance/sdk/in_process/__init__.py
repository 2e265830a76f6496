"""SDKs written in Python: an adapter class drives the SDK in a worker process.

The worker has frozen clocks, and the fake server is in the same process. A scenario goes in; the timeline of
what the SDK did comes out.
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
