"""Script and scenario files: each is either accepted, or rejected with an error that names the place and the
fix."""

from __future__ import annotations

from hypothesis import strategies as st

from fake_server.core.errors import ScriptError
from fake_server.script.script_yaml import ScriptEntry, decode_all, decode_steps, encode_steps, load_yaml
from tinker_conformance.scenario import ScenarioError, decode_scenario, encode_scenario, parse_scenarios

from .changes import changed
from .findings import hold

_FILES = (
    """\
- steps: [{timeout: {queue_state: paused_capacity}}, {advance: 59.999}, {complete: {}}]
""",
    """\
- operation: sample
  client: s
  exhausted: repeat
  name: f
  steps:
    - {try_again: {}}
    - {status: 503, body: {a: 1}}
    - {advance: {wall: -5, monotonic: 0.001}}
""",
    """\
- steps:
    - {complete: {}, wire: {cut: {at: 10, by: close}, compress: gzip}}
    - {complete: {}, wire: {slow_body: {bytes: 20, seconds: 0.5}, headers: [[x, a]]}}
    - {drop: reset}
    - {refuse: 30}
""",
    """\
- steps: [{redirect: 307, times: 2}, {fail: {category: user}}, {status: 200, raw: !!binary eyJh}, {bytes: x}]
""",
    """\
- every: 3
  operation: forward_backward
  paused: {state: paused_capacity, seconds: 90}
- nth: [2, 5]
  steps: [{complete: {}}]
- chance: 0.1
  paused: {state: paused_rate_limit, polls: 2}
""",
    """\
- id: a
  client: sampling
  futures:
    - - {pause: {queue_state: paused_capacity}}
      - {complete: {}}
""",
    """\
- id: b
  epoch: 1750000000
  clients: {a: {kind: training, id: m}, b: {kind: sampling}}
  futures:
    - client: a
      operation: forward_backward
      observer: raising
      timeout: 3
      before: [{advance: 1}]
      steps: [{complete: {}}]
""",
    """\
- id: c
  calls: [{function: parse_queue_state, arguments: [1, x]}]
""",
)
_PIECES = (
    b"&a [*a]",
    b"&a ",
    b"*a",
    b"<<: {a: 1}\n",
    b"!!python/object:os.system x",
    b"!!binary ====",
    b"!!set {a}",
    b"!!timestamp ",
    b"!!int ",
    b"!!bool ",
    b"!!float ",
    b"!!omap ",
    b"!!pairs ",
    b"2001-01-01",
    b"? [a, b]\n: c\n",
    b"{",
    b"[",
    b"[" * 500,
    b"- ",
    b"\n",
    b"  ",
    b"null",
    b"~",
    b"true",
    b".nan",
    b"-.inf",
    b"1e400",
    b"-1",
    b"9" * 5_000,
    b"0x7fffffffffffffffffff",
    b"{}",
    b"[]",
    b"'",
    b"|\n",
    b"%YAML 1.1\n---\n",
    b"...\n",
    b"\xc3\xa4",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"steps: ",
    b"paused: ",
    b"every: ",
    b"wire: ",
    b"cut: ",
    b"advance: ",
    b"id: ",
    b"futures: ",
    b"client: ",
)


_ONE = st.sampled_from(_FILES).map(str.encode)
_ONE_OR_TWO = st.one_of(*[_ONE] * 4, st.tuples(_ONE, _ONE).map(b"".join))


class ScriptTarget:
    """Inputs are the text of a file."""

    name = "script"

    inputs = changed(_ONE_OR_TWO, _PIECES, (1, 1, 2, 3))

    def check(self, data: bytes) -> None:
        """Reads it as either; what is read is written and read again."""
        text = data.decode("utf-8", "replace")
        try:
            entries = decode_all(load_yaml(text, "f.yaml"), "f.yaml")
        except ScriptError as error:
            hold(str(error).startswith("f.yaml"), f"an error without a place: {error}")
        else:
            for entry in entries:
                if isinstance(entry, ScriptEntry):
                    again = decode_steps(encode_steps(entry.script.steps), "again")
                    hold(again == entry.script.steps, "steps that are written are read otherwise")
        try:
            scenarios = parse_scenarios(text, source="f.yaml")
        except ScenarioError as error:
            hold(str(error).startswith("f.yaml"), f"an error without a place: {error}")
        else:
            for scenario in scenarios:
                again_ = decode_scenario(encode_scenario(scenario), "again")
                hold(repr(again_) == repr(scenario), "a scenario that is written is read otherwise")
