"""Which page each generator writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.broken_sdks import table as broken_sdks
from tests.broken_servers import table as broken_servers
from tests.docs.generate import (
    catalogue_table,
    commands,
    dialects,
    endpoints,
    error_table,
    fake_server_api,
    findings,
    layout,
    profile_values,
    server_findings,
    waits,
)
from tests.mutation import drawn_edits
from tinker_conformance.report import record_schema as report_schema
from tinker_conformance.requirements import document as requirements
from tinker_conformance.requirements import matrix_document as matrix
from tinker_conformance.scenario.library import shipped_scenarios
from tinker_conformance.sdk.stdio import protocol_schema as adapter_schema
from tinker_conformance.server import probe_document

DOCS: Final = Path(__file__).parents[3] / "docs"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "development.md": layout.document,
    "explanation/drawn-edits.md": drawn_edits.document,
    "how-to/judge-a-package.md": catalogue_table.document,
    "reference/adapter-protocol.schema.json": adapter_schema.schema,
    "reference/broken-sdks.md": broken_sdks.document,
    "reference/broken-servers.md": broken_servers.document,
    "reference/commands.md": commands.document,
    "reference/dialects.md": dialects.document,
    "reference/endpoints.md": endpoints.document,
    "reference/errors.md": error_table.document,
    "reference/fake-server.md": fake_server_api.document,
    "reference/matrix.md": lambda: matrix.document(shipped_scenarios()),
    "reference/profile-values.md": profile_values.document,
    "reference/report.schema.json": report_schema.schema,
    "reference/requirements.md": requirements.document,
    "reference/server-probes.md": probe_document.document,
    "reference/waits.md": waits.document,
    **findings.pages(),
    **server_findings.pages(),
}
