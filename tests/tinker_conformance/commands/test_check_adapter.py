"""`check-adapter`: at each unfinished step it says what is missing, and the page says what the kit does."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from fake_server.operations import Operation
from tinker_conformance.cli import main
from tinker_conformance.sdk.adapter import Capability
from tinker_conformance.sdk.process.line_process import END_SECONDS
from tinker_conformance.sdk.server_events import MAX_EVENTS
from tinker_conformance.sdk.stdio import stdio_session
from tinker_conformance.sdk.stdio.protocol_messages import decode_from_adapter, decode_to_adapter
from tinker_conformance.sdk.stdio.protocol_schema import schema
from tinker_conformance.sdk.stdio.time_limits import TimeLimits

ROOT = Path(__file__).parents[3]
TEMPLATE = ROOT / "examples/adapter_template/python"
MESSAGES = (ROOT / "tinker_conformance/sdk/stdio/protocol_messages.py").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/reference/adapter-protocol.md").read_text(encoding="utf-8")


def check(folder: Path, *more: str) -> Result:
    command = f"exec:{sys.executable} {folder / 'adapter.py'}"
    return CliRunner().invoke(main, ["check-adapter", command, "--patience", "5", *more])


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the template, as an author begins."""
    return Path(shutil.copytree(TEMPLATE, tmp_path / "mine"))


def change(folder: Path, old: str, new: str) -> None:
    """Replace a text that is in one of the files of a template, once."""
    texts = {path: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    [(path, text)] = [(path, text) for path, text in texts.items() if old in text]
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.slow
def test_a_copy_of_the_template_is_complete_as_it_is_and_passes(copied: Path) -> None:
    checked = check(copied)
    assert checked.exit_code == 0, checked.output
    assert checked.output.endswith("the adapter is complete\n")
    run = CliRunner().invoke(main, ["run", "--sdk", f"exec:{sys.executable} {copied / 'adapter.py'}"])
    assert run.exit_code == 0, run.output


UNFINISHED = {
    "silent": (
        '        if message["type"] == "start":',
        '        if message["type"] == "never":',
        "the adapter starts",
    ),
    "no client": (
        '        "sampling",\n        "training",\n',
        "",
        "the adapter claims a client with an operation",
    ),
    "no operation": ('["sample", "forward_backward"]', '["forward_backward"]', "the adapter claims a client"),
    "no run": (
        'elif message["type"] == "run"',
        'elif message["type"] == "never"',
        "the SDK submits an operation",
    ),
    "no callback": (
        "            self._scenario.callback(state)\n",
        "",
        "the adapter reports observer calls",
    ),
    "no log": (
        '        self._report("log", level=level, logger="sdk", message=text, time=self.clock.wall())',
        "        return",
        "the adapter reports log lines",
    ),
    "no outcome": (
        '        self._report("outcome", kind=kind, error=text)',
        "        return",
        "the adapter reports the outcome",
    ),
    "no done": ('        say("done", id=message["id"])', "        return", "the adapter sends 'done'"),
    "real clock": (
        "        return self.read()[1] / 1e9",
        "        return time.time()",
        "the SDK sees its clock move",
    ),
    "no waiting": (
        "        if current.get() is not NOBODY and until > now:",
        "        if False:",
        "the adapter reports when the SDK sleeps",
    ),
    "no timeout": (
        '    sdk.WaitTimeoutError: "timeout",\n',
        "",
        "a caller who waits for 25 s: the outcome is 'timeout'",
    ),
    "no read timeout": (
        "            self._service.read_timeout = scenario.read_timeout\n",
        "            pass\n",
        "the SDK's read timeout can be set",
    ),
    "no telemetry": (
        '        "callbacks",\n',
        '        "callbacks",\n        "telemetry",\n',
        "the adapter reports telemetry events",
    ),
    "no such profile": ('"tinker-0.5.1"', '"tinker-0.51"', "the adapter names a profile that the kit has"),
    "no failure": ('    sdk.RequestFailedError: "failed",\n', "", "a failure: the outcome is 'failed'"),
    "one by one": ('if not (message["concurrent"] or ', "if not (", "the adapter runs futures concurrently"),
    "not on threads": (
        'message["concurrent"] or message.get("threads")',
        'message["concurrent"] and "threads" not in message',
        "the adapter runs futures on threads",
    ),
    "not for a session": (
        '        "callbacks",\n',
        '        "callbacks",\n        "session_polling",\n',
        "the SDK polls a whole session",
    ),
    "no retries": (
        '        "callbacks",\n',
        '        "callbacks",\n        "submission_retries",\n',
        "the SDK sends a refused submission again",
    ),
    "no cancellation": (
        '        "callbacks",\n',
        '        "callbacks",\n        "cancellation",\n',
        "a caller gives up a future",
    ),
    "no creation": (
        '        "callbacks",\n',
        '        "callbacks",\n        "checkpoints",\n',
        "the SDK creates training clients from saved states",
    ),
    "no end": (
        "    scenario = None\n",
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n",
        "the adapter exits when",
    ),
}


@pytest.mark.parametrize(
    ("old", "new", "step"),
    [
        pytest.param(*case, id=name, marks=() if name in ("no failure", "no end") else pytest.mark.slow)
        for name, case in UNFINISHED.items()
    ],
)
def test_the_first_unfinished_step_is_named(copied: Path, old: str, new: str, step: str) -> None:
    change(copied, old, new)
    if step == "the adapter starts":
        # Nothing comes: end instead, so that nobody waits for the whole limit.
        change(copied, "for line in sys.stdin:", "for line in [sys.stdin.readline()]:")
    checked = check(copied)
    # `run` calls a profile that the kit does not have a usage error, too.
    usage = step == "the adapter names a profile that the kit has"
    assert checked.exit_code == (2 if usage else 4), checked.output
    missing = checked.output[checked.output.index("missing") :]
    assert step in missing.splitlines()[0]
    assert len(missing.splitlines()[1].strip()) > 20
    assert "the adapter is complete" not in checked.output


def test_the_patience_holds_for_the_first_message_too() -> None:
    silent = f"exec:{sys.executable} -c 'import sys; sys.stdin.read()'"
    result = CliRunner().invoke(main, ["check-adapter", silent, "--patience", "0.2"])
    assert result.exit_code == 4
    assert "the process wrote no line within 0.2 s" in result.output


@pytest.mark.parametrize("spec", ["reference", "exec:", "exec:'"])
def test_anything_but_a_command_is_a_usage_error(spec: str) -> None:
    result = CliRunner().invoke(main, ["check-adapter", spec])
    assert result.exit_code == 2
    assert "exec:COMMAND" in result.output or "quote it" in result.output


# -- the page ------------------------------------------------------------------------------------


def test_every_message_on_the_page_is_one_of_the_protocol() -> None:
    lines = [
        line for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
    ]
    kinds = set()
    for line in lines:
        kind = msgspec.json.decode(line)["type"]
        (decode_to_adapter if kind in {"start", "run", "go"} else decode_from_adapter)(line)
        kinds.add(kind)
    from_the_kit = {"start", "run", "go"}
    assert kinds - from_the_kit == set(re.findall(r'tag="(\w+)"', MESSAGES)) - from_the_kit
    assert from_the_kit < kinds


def test_the_page_names_every_capability_and_operation() -> None:
    described = PAGE[: PAGE.index("### run")]
    wanted = [c.value for c in Capability if c is not Capability.FROZEN_CLOCK] + [o.value for o in Operation]
    assert [word for word in wanted if f"`{word}`" not in described] == []


def test_the_limits_on_the_page_are_those_of_the_kit() -> None:
    limits = TimeLimits()
    documented = dict(re.findall(r"^\| (.*?) \| (.*?) \| ", PAGE[PAGE.index("## Limits") :], re.MULTILINE))
    assert documented["from the start to `started`"] == f"{limits.start:g} s"
    assert documented["between two messages or requests in a scenario"] == f"{limits.step:g} s"
    assert documented["a whole scenario"] == f"{limits.scenario:g} s"
    assert documented["one line"] == f"{stdio_session.MAX_LINE // 1024 // 1024} MiB"
    assert documented["lines, or events, of one scenario"] == f"{MAX_EVENTS:,}".replace(",", " ")
    assert documented["from the end of standard input to the end of the process"] == f"{limits.end:g} s"
    assert limits.end == END_SECONDS
    assert "ten faults in a row" in PAGE
    assert stdio_session.MAX_FAULTS_IN_A_ROW == 10


def test_the_schema_is_fresh() -> None:
    """To update it: python -m tinker_conformance.sdk.stdio.protocol_schema > THAT_FILE."""
    assert (ROOT / "docs/reference/adapter-protocol.schema.json").read_text(encoding="utf-8") == schema()


def test_an_adapter_in_python_is_sent_to_the_commands_that_check_it() -> None:
    result = CliRunner().invoke(main, ["check-adapter", "python:conf:Adapter"])
    assert result.exit_code == 2
    assert "`tinker-conformance run --sdk python:conf:Adapter`" in result.output
    assert "`tinker-conformance docs subclass-the-suite`" in result.output
