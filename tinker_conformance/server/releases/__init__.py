"""Run real releases of the official SDK against a server: each does a list of things, such as "sample".

One such thing is a verb. A server and a list of releases go in (`judge_releases`), and a `ReleaseMatrix` of
`tinker_conformance.report.release_matrix` comes out: how each verb ended in each release. Each release runs
in an environment of its own, in one worker process (`release_worker`). A verb that does not end within its
time limit is reported as a hang, the process is killed, and the next verb runs in a new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinker_conformance._lazy_exports import lazy_exports

if TYPE_CHECKING:
    from tinker_conformance.server.releases.release_choice import chosen_releases
    from tinker_conformance.server.releases.release_judge import VERB_SECONDS, judge_releases
    from tinker_conformance.server.releases.verbs import VERBS, Verb

__all__ = ["VERBS", "VERB_SECONDS", "Verb", "chosen_releases", "judge_releases"]

__getattr__ = lazy_exports(
    __name__,
    {
        "release_choice": "chosen_releases",
        "release_judge": "VERB_SECONDS judge_releases",
        "verbs": "VERBS Verb",
    },
)
