"""Values that all packages of ``fake_server`` share: HTTP requests and replies, faults, errors, operations.

They are frozen, and none depends on an HTTP library. Every package of ``fake_server`` may import from here;
this package imports from none of them. Import ``fake_server.core.bounded_files`` as a module: it loads
PyYAML, which the engine does not need, so this package does not re-export it.
"""

from __future__ import annotations

from fake_server.core.connection_plan import (
    Act,
    ConnectionEnd,
    Framing,
    Hold,
    Pause,
    Send,
    compressed,
    planned,
    status_line,
)
from fake_server.core.errors import Problem, ProblemKind, ScriptError, ScriptViolation, meant, nearest
from fake_server.core.faults import (
    WIRE_KEYS,
    Chunking,
    Coding,
    Cut,
    CutEnd,
    Dribble,
    DropKind,
    Part,
    RawBytes,
    Refusal,
    Wire,
    takes_time,
)
from fake_server.core.gate import Gate
from fake_server.core.http_messages import (
    JSON_HEADERS,
    PROTOBUF,
    WITHOUT_BODY,
    RawHeaders,
    RecordedHead,
    Reply,
    Request,
    TransportFault,
    header_values,
    joined_lines,
    recorded_head,
)
from fake_server.core.json_values import copied, encoded
from fake_server.core.operations import (
    API_PREFIX,
    SUBMISSION_PATHS,
    Number,
    Operation,
    candidates,
    submission_number,
)
from fake_server.core.plain_data import kind, refuse_unknown
from fake_server.core.seeded_numbers import Draws, Occurrences, digest, identifier, mixed, single, unit

__all__ = [
    "API_PREFIX",
    "JSON_HEADERS",
    "PROTOBUF",
    "SUBMISSION_PATHS",
    "WIRE_KEYS",
    "WITHOUT_BODY",
    "Act",
    "Chunking",
    "Coding",
    "ConnectionEnd",
    "Cut",
    "CutEnd",
    "Draws",
    "Dribble",
    "DropKind",
    "Framing",
    "Gate",
    "Hold",
    "Number",
    "Occurrences",
    "Operation",
    "Part",
    "Pause",
    "Problem",
    "ProblemKind",
    "RawBytes",
    "RawHeaders",
    "RecordedHead",
    "Refusal",
    "Reply",
    "Request",
    "ScriptError",
    "ScriptViolation",
    "Send",
    "TransportFault",
    "Wire",
    "candidates",
    "compressed",
    "copied",
    "digest",
    "encoded",
    "header_values",
    "identifier",
    "joined_lines",
    "kind",
    "meant",
    "mixed",
    "nearest",
    "planned",
    "recorded_head",
    "refuse_unknown",
    "single",
    "status_line",
    "submission_number",
    "takes_time",
    "unit",
]
