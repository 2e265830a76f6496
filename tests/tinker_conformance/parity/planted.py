"""SDKs that differ from the reference in one thing, for the tests of parity."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from tinker_conformance.profile.profile_files import load_profile
from tinker_conformance.sdk.adapter import ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter


class _Edited(ReferenceAdapter):
    """The reference under an edited profile, while the judge uses the original."""

    edits: ClassVar[dict[tuple[str, ...], object]] = {}

    async def open(self, context: ScenarioContext) -> None:
        data = msgspec.to_builtins(context.profile)
        for path, value in self.edits.items():
            table: Any = data
            for key in path[:-1]:
                table = table[key]
            table[path[-1]] = value
        await super().open(
            msgspec.structs.replace(context, profile=msgspec.convert(data, type(context.profile)))
        )


class Unchanged(_Edited):
    pass


class SaysBusy(_Edited):
    edits: ClassVar = {("observer", "sampling", "reasons", "paused_capacity"): "busy, come back later"}


class SaysOnHold(_Edited):
    edits: ClassVar = {
        ("observer", "training", "message"): "Training of {identifier} is on hold. Reason: {reason}"
    }


class IgnoresTryAgain(_Edited):
    edits: ClassVar = {("observer", "notify_on_try_again"): "never"}


class LogsAfterFiftySeconds(_Edited):
    edits: ClassVar = {("observer", "interval_seconds"): 50.0}


class WaitsLongerAfterRefusals(_Edited):
    edits: ClassVar = {
        ("polling", "submission", "quick_base_seconds"): 3.0,
        ("polling", "submission", "slow_base_seconds"): 70.0,
    }


class CreatesNoModelAfterARefusal(_Edited):
    edits: ClassVar = {("polling", "submission", "quick_retries"): 0}


class FailsToOpen(ReferenceAdapter):
    async def open(self, context: ScenarioContext) -> None:
        raise RuntimeError("no network today")


class FollowsAnOlderRevision(ReferenceAdapter):
    async def open(self, context: ScenarioContext) -> None:
        await super().open(msgspec.structs.replace(context, profile=load_profile("tinker-0.10")))
