"""SDKs for tests of reports: `python:tests.support.report_sdks:NAME`, run from the root of the repository."""

from __future__ import annotations

import logging
import os

import msgspec

from tests.broken_sdks.registry import BROKEN_SDKS
from tinker_conformance.sdk.adapter import OperationCall
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

PLANTED = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "]]><!-- {{ 7*7 }} {% raw %} \x1b[31mred\x07\x00 \u202eright-to-left | `code` **bold** [a](http://b)"
)
impatient = BROKEN_SDKS["logs_at_59_seconds"].make
of_another_release = BROKEN_SDKS["ignores_numbers"].make


class Hostile(ReferenceAdapter):
    """Logs text, and has a name, that would inject code into an unescaped page, terminal or XML file."""

    info = msgspec.structs.replace(ReferenceAdapter.info, name=PLANTED, version="<b>1</b>")

    async def run(self, client: object, call: OperationCall) -> None:
        logging.getLogger("hostile").warning("Sampling is paused for sampler-1. Reason: %s", PLANTED)
        raise RuntimeError(PLANTED)


class ClaimsSampel(ReferenceAdapter):
    """Misspells its only operation."""

    info = msgspec.structs.replace(ReferenceAdapter.info, operations=frozenset({"sampel"}))  # type: ignore[arg-type]


class CrashesInAQuirk(ReferenceAdapter):
    """Exits in a fourth future; in its test, only the scenario of a quirk has one."""

    async def run(self, client: object, call: OperationCall) -> None:
        if call.future == 4:
            os._exit(3)
        await super().run(client, call)
