"""What tests write: scripts (the ordered replies of one future), and rules for futures without a script.

Tests write them with the builder (``script().then(timeout()).then(complete())``), or in YAML or JSON files.
The results, ``Script`` and ``Rule``, are frozen values that the engine follows.
"""

from __future__ import annotations

from fake_server.script.builder import (
    MAX_STEPS,
    Exhausted,
    Script,
    ScriptBuilder,
    ScriptLike,
    Seconds,
    Turn,
    advance,
    as_script,
    complete,
    drop,
    exhausted_rule,
    fail,
    raw_bytes,
    redirect,
    refuse,
    script,
    status,
    timeout,
    try_again,
    wired,
)
from fake_server.script.computed_replies import computed, sampled, says, template
from fake_server.script.request_match import same
from fake_server.script.rules import Rule, RuleBook
from fake_server.script.steps import (
    MAX_ADVANCE_SECONDS,
    Advance,
    Complete,
    Drop,
    Fail,
    FailCategory,
    HttpStep,
    ReplyStep,
    Status,
    Step,
    Timeout,
    TryAgain,
    Wired,
)

__all__ = [
    "MAX_ADVANCE_SECONDS",
    "MAX_STEPS",
    "Advance",
    "Complete",
    "Drop",
    "Exhausted",
    "Fail",
    "FailCategory",
    "HttpStep",
    "ReplyStep",
    "Rule",
    "RuleBook",
    "Script",
    "ScriptBuilder",
    "ScriptLike",
    "Seconds",
    "Status",
    "Step",
    "Timeout",
    "TryAgain",
    "Turn",
    "Wired",
    "advance",
    "as_script",
    "complete",
    "computed",
    "drop",
    "exhausted_rule",
    "fail",
    "raw_bytes",
    "redirect",
    "refuse",
    "same",
    "sampled",
    "says",
    "script",
    "status",
    "template",
    "timeout",
    "try_again",
    "wired",
]
