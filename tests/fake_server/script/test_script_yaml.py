"""Scripts as plain data and as YAML files."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fake_server import (
    Advance,
    Complete,
    Drop,
    DropKind,
    Exhausted,
    Fail,
    FailCategory,
    Operation,
    ScriptError,
    Status,
    Timeout,
    TryAgain,
    decode_steps,
    encode_steps,
    load_script_file,
)
from fake_server.script import complete, fail, status, timeout, try_again
from fake_server.script.script_yaml import load_yaml
from fake_server.script.steps import ABSENT, Step

DESIGN = """
- {timeout: {queue_state: paused_capacity}}
- {advance: 59.999}
- {timeout: {queue_state: paused_rate_limit}, times: 2}
- {advance: {wall: -5, monotonic: 0.001}}
- {try_again: {queue_state: paused_capacity}}
- {status: 503, body: {queue_state: paused_capacity}}
- {status: 408, raw: "not json", content_type: text/plain, headers: {X-A: b}}
- {timeout: [1, null]}
- {drop: reset}
- {advance: -100}
- {complete: {}}
- {fail: {category: server}}
"""


def test_the_forms_of_the_design_give_their_steps() -> None:
    limited = timeout(queue_state="paused_rate_limit")
    assert decode_steps(load_yaml(DESIGN, "design"), "design") == (
        timeout(queue_state="paused_capacity"),
        Advance(59_999_000, 59_999_000),
        limited,
        limited,
        Advance(-5_000_000, 1_000),
        try_again(queue_state="paused_capacity"),
        status(503, {"queue_state": "paused_capacity"}),
        status(408, raw="not json", content_type="text/plain", headers={"X-A": "b"}),
        timeout([1, None]),
        Drop(DropKind.RESET),
        Advance(-100_000_000, 0),
        complete(),
        fail("server"),
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
objects = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), json_values, max_size=3)
header_words = st.text("abcXYZ019-", min_size=1, max_size=8)
microseconds = st.integers(-(10**12), 10**12)
statuses = st.sampled_from([200, 402, 408, 410, 429, 503, 599])
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Advance, microseconds, microseconds.map(abs)),
    st.builds(Timeout, json_values),
    st.builds(TryAgain, objects),
    st.builds(Status, statuses, body=json_values | st.just(ABSENT)),
    st.builds(
        Status,
        statuses,
        raw=st.binary(max_size=5),
        content_type=st.none() | st.just("text/html"),
        headers=st.lists(st.tuples(header_words, header_words), max_size=2)
        .map(tuple)
        .filter(lambda lines: all(name.lower() not in ("connection", "content-length") for name, _ in lines)),
    ),
    st.builds(Drop, st.sampled_from(DropKind)),
    st.builds(Complete, objects),
    st.builds(Fail, st.sampled_from(FailCategory), st.text(st.characters(codec="utf-8"), max_size=5)),
)


@given(st.lists(steps, max_size=6))
def test_steps_survive_being_written_as_yaml(made: list[Step]) -> None:
    text = yaml.safe_dump(encode_steps(made))
    back = decode_steps(load_yaml(text, "dump"), "dump")
    assert back == tuple(made)
    assert encode_steps(back) == encode_steps(made)


def test_repeated_replies_are_written_once_and_equal_looking_ones_apart() -> None:
    assert encode_steps([timeout(1), timeout(1), timeout(True)]) == [
        {"timeout": 1, "times": 2},
        {"timeout": True},
    ]


MISTAKES = {
    "{timout: {}}": "step 1: unknown key 'timout'; did you mean 'timeout'",
    "{timeout: {}, time: 2}": "unknown key 'time'; did you mean 'times'",
    "{timeout: {}, complete: {}}": "write two steps",
    "{times: 2}": "the step is empty",
    "{complete: {}, times: 0}": "whole number from 1",
    "{complete: {}, times: 1000000000000}": "whole number from 1",
    "{advance: 1, times: 2}": "increase the advance instead",
    "{advance: soon}": "not a number of seconds",
    "{advance: {}}": "advance needs seconds",
    "{advance: {walls: 1}}": "did you mean 'wall'",
    "{advance: {monotonic: -1}}": "would move the monotonic clock back",
    "{advance: 0.00000001}": "at most 6 decimals",
    "{try_again: [1]}": "must be a mapping, not a list",
    "{complete: }": "must be a mapping, not nothing",
    "{status: '503'}": "use a whole number, 200 to 599",
    "{status: 503, raw: 5}": "raw must be a string, not the int 5",
    "{status: 503, bdy: 5}": "did you mean 'body'",
    "{status: 503, headers: {a: 1}}": "quote both",
    "{status: 503, headers: 3}": "headers must be a mapping",
    "{status: 503, content_type: 3}": "content_type must be a string",
    "{drop: }": "not one of reset, close",
    "{drop: clse}": "did you mean 'close'",
    "{fail: {category: usr}}": "did you mean 'user'",
    "{fail: {message: 3}}": "message must be a string",
    "{fail: user}": "must be a mapping, not the string 'user'",
    "complete": "a mapping with one key, not the string 'complete'",
    "{timeout: 2024-01-01}": "a date, not a JSON value",
    "{timeout: {1: 2}}": "JSON keys are strings",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_names_its_place_and_the_fix(text: str) -> None:
    with pytest.raises(ScriptError) as caught:
        decode_steps(load_yaml(f"- {text}", "file"), "scenario debounce, future 1")
    assert str(caught.value).startswith("scenario debounce, future 1, step 1: ")
    assert MISTAKES[text] in str(caught.value)


@pytest.mark.parametrize("data", [None, {}, "steps", 3])
def test_steps_that_are_no_list_are_refused(data: object) -> None:
    with pytest.raises(ScriptError, match="future 2: steps must be a list, not"):
        decode_steps(data, "future 2")


def test_a_body_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ScriptError, match="step 1: .*is not a JSON number"):
        decode_steps([{"timeout": float("nan")}], "x")


def test_values_that_multiply_are_refused() -> None:
    value: list[object] = ["x"] * 10
    for _ in range(8):
        value = [value] * 10
    with pytest.raises(ScriptError, match="1000000 values"):
        decode_steps([{"timeout": value}], "bomb")


def write(folder: Path, text: str) -> Path:
    path = folder / "scripts.yaml"
    path.write_text(text)
    return path


def test_a_script_file_says_whom_each_script_is_for(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        - operation: sample
          client: sampler-1
          exhausted: repeat
          name: first
          steps: [{complete: {}}]
        - steps: []
        """,
    )
    first, second = load_script_file(path)
    assert (first.operation, first.client, first.name) == (Operation.SAMPLE, "sampler-1", "first")
    assert (first.script.steps, first.script.exhausted) == ((complete(),), Exhausted.REPEAT)
    assert (second.operation, second.client, second.name, second.script.steps) == (None, None, None, ())


FILE_MISTAKES = {
    "steps: []": "a list of scripts, not a mapping",
    "- 3": "script 1: a script must be a mapping",
    "- {operation: sample}": "script 1: the key 'steps' is missing",
    "- {steps: [], step: 1}": "unknown key 'step'; did you mean 'steps'",
    "- {steps: [], operation: smple}": "unknown operation 'smple'; did you mean 'sample'",
    "- {steps: [], client: 3}": "client must be a string, not the int 3",
    "- {steps: [], exhausted: repeat}": "but the script has none; add a reply",
    "- {steps: [], exhausted: [3]}": "use one of fail, repeat, error",
    "- {steps: [{bytes}]}": "script 1, step 1: bytes must be a string, not",
    "- {steps: [{drop: x}]}": "script 1, step 1: drop: 'x'",
    "- {steps: [], steps: []}": "line 1, column 15: the key 'steps' is given twice",
    "- {steps: [}": "line 1, column",
    "- !!python/object:os.system {}": "fix the YAML",
    "- \x00": "cannot be loaded as YAML",
    "- !!timestamp x": "cannot be loaded as YAML",
    "- !!bool x": "cannot be loaded as YAML",
    "- !!int ''": "cannot be loaded as YAML",
}


@pytest.mark.parametrize("text", FILE_MISTAKES)
def test_a_mistake_in_a_file_names_file_and_place(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ScriptError) as caught:
        load_script_file(path)
    assert str(caught.value).startswith(str(path))
    assert FILE_MISTAKES[text] in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"nowhere\.yaml: cannot be read"):
        load_script_file(tmp_path / "nowhere.yaml")
