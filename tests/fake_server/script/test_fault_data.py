"""Faults as plain data: what is written is read back, and a mistake names its fix."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fake_server import ScriptError, Status, decode_steps, encode_steps
from fake_server.core.faults import Chunking, Coding, Cut, CutEnd, Dribble, Part, RawBytes, Refusal, Wire
from fake_server.script import complete, raw_bytes, redirect, refuse, status, timeout, wired
from fake_server.script.fault_data import wire_data, wire_from
from fake_server.script.script_yaml import load_yaml
from fake_server.script.steps import Step

seconds = st.floats(0, 100_000, allow_subnormal=False)
dribbles = st.builds(Dribble, st.integers(1, 10**6), seconds)
words = st.text("abcXYZ019-", min_size=1, max_size=8)
cuts = st.builds(Cut, st.sampled_from(Part) | st.integers(0, 10**6), st.sampled_from(CutEnd))
choices: dict[str, st.SearchStrategy[Any]] = {
    "delay": seconds.filter(bool),
    "hold": st.just(True),
    "slow_head": dribbles,
    "slow_body": dribbles,
    "cut": cuts,
    "extra": st.integers(1, 1000),
    "content_length": st.lists(words, min_size=1, max_size=2).map(tuple),
    "chunked": st.sampled_from(Chunking),
    "compress": st.sampled_from(Coding),
    "claims": words,
    "headers": st.lists(st.tuples(words, words), min_size=1, max_size=2)
    .map(tuple)
    .filter(lambda lines: all(name.lower() not in ("connection", "content-length") for name, _ in lines)),
}


@st.composite
def wires(draw: st.DrawFn) -> Wire:
    keys = draw(st.lists(st.sampled_from(list(choices)), min_size=1, max_size=4, unique=True))
    drawn: dict[str, Any] = {key: draw(choices[key]) for key in keys}
    while True:
        try:
            return Wire(**drawn)
        except ScriptError:  # contradictory: one alone contradicts nothing
            drawn.popitem()


steps: st.SearchStrategy[Step] = st.one_of(
    wires().map(lambda wire: wired(timeout(1), **wire_data(wire))),
    wires().map(lambda wire: wired(status(200, "x"), **wire_data(wire))),
    wires().map(lambda wire: wired(complete(), **wire_data(wire))),
    seconds.map(Refusal),
    st.builds(RawBytes, st.binary(max_size=5), st.sampled_from(CutEnd)),
    st.builds(Status, st.just(200), raw=st.binary(max_size=5)),
)


@given(st.lists(steps, max_size=5))
def test_faults_survive_being_written_as_yaml_and_as_json(made: list[Step]) -> None:
    plain = encode_steps(made)
    assert decode_steps(load_yaml(yaml.safe_dump(plain), "dump"), "dump") == tuple(made)
    assert decode_steps(json.loads(json.dumps(plain)), "dump") == tuple(made)


@given(wires())
def test_a_wire_says_in_its_name_everything_that_it_has(wire: Wire) -> None:
    assert [key for key in wire_data(wire) if key not in wire.name] == []


def test_short_forms_mean_the_long_ones() -> None:
    assert wire_from({"cut": "head"}).cut == Cut(Part.HEAD, CutEnd.RESET)
    assert wire_from({"cut": 7}).cut == Cut(7, CutEnd.RESET)
    assert wire_from({"cut": {"by": "close"}}).cut == Cut(Part.BODY, CutEnd.CLOSE)
    assert wire_from({"content_length": 7}).content_length == ("7",)
    assert wire_from({"headers": {"a": "b"}}).headers == (("a", "b"),)
    assert decode_steps([{"redirect": 307}], "x") == (redirect(),)
    assert decode_steps([{"redirect": {"status": 303, "location": "/a"}}], "x") == (redirect(303, "/a"),)
    assert decode_steps([{"bytes": "a"}, {"bytes_base64": "YQ==", "then": "close"}], "x") == (
        raw_bytes(b"a"),
        raw_bytes("a"),
    )
    assert decode_steps([{"refuse": 1}], "x") == (refuse(1.0),)
    assert decode_steps([{"redirect": 307, "wire": {"hold": True}}], "x") == (wired(redirect(), hold=True),)


MISTAKES = {
    "{complete: {}, wire: {}}": "wire is empty; give it at least one of delay, ",
    "{complete: {}, wire: {extra: 0}}": "wire is empty",
    "{complete: {}, wire: cut}": "wire must be a mapping, not the string 'cut'",
    "{complete: {}, wire: {cutt: body}}": "did you mean 'cut'",
    "{complete: {}, wire: {cut: bdy}}": "did you mean 'body'",
    "{complete: {}, wire: {cut: -1}}": "is not head, body or a number of bytes",
    "{complete: {}, wire: {cut: {at: body, by: rset}}}": "did you mean 'reset'",
    "{complete: {}, wire: {cut: {where: body}}}": "unknown key 'where'",
    "{complete: {}, wire: {delay: -1}}": "use 0 to 100000",
    "{complete: {}, wire: {delay: soon}}": "not a number of seconds",
    "{complete: {}, wire: {delay: true}}": "not a number of seconds",
    "{complete: {}, wire: {hold: 1}}": "hold is 1; use true or false",
    "{complete: {}, wire: {slow_body: 3}}": "write for example {bytes: 10, seconds: 0.01}",
    "{complete: {}, wire: {slow_body: {bytes: 3}}}": "needs the keys bytes and seconds",
    "{complete: {}, wire: {slow_head: {bytes: 0, seconds: 1}}}": "use a whole number from 1",
    "{complete: {}, wire: {extra: -1}}": "use a number of bytes from 0 to",
    "{complete: {}, wire: {extra: 100000000}}": "use a number of bytes from 0 to",
    '{complete: {}, wire: {content_length: "1\\r\\nx: y"}}': "without a newline",
    "{complete: {}, wire: {content_length: [true]}}": "content_length must be a number or a string",
    '{complete: {}, wire: {claims: ""}}': "is not a valid header value",
    "{complete: {}, wire: {claims: 3}}": "is not a valid header value",
    "{complete: {}, wire: {chunked: bad}}": "did you mean 'bad_chunk'",
    "{complete: {}, wire: {compress: gz}}": "did you mean 'gzip'",
    "{complete: {}, wire: {headers: {content-length: '3'}}}": "frames the reply",
    "{complete: {}, wire: {headers: [a]}}": "quote both",
    "{complete: {}, wire: {chunked: whole, content_length: 3}}": "contradict each other",
    "{complete: {}, wire: {chunked: whole, extra: 3}}": "contradict each other",
    "{complete: {}, wire: {chunked: bad_chunk, cut: body}}": "contradict each other",
    "{complete: {}, wire: {compress: gzip, claims: br}}": "contradict each other",
    "{complete: {}, wire: {cut: body, extra: 3}}": "contradict each other",
    "{complete: {}, wire: {hold: true, delay: 1}}": "contradict each other",
    "{status: 204, wire: {cut: body}}": "has no body to corrupt",
    "{status: 304, wire: {compress: gzip}}": "has no body to corrupt",
    "{drop: reset, wire: {hold: true}}": "unknown key 'wire'",
    "{refuse: 1, then: close}": "unknown key 'then'",
    "{refuse: soon}": "not a number of seconds",
    "{bytes: 3}": "bytes must be a string, not the int 3",
    "{bytes: a, then: nothing}": "then: 'nothing' is not one of",
    "{bytes_base64: '?'}": "must be a base64 string",
    "{status: 200, raw_base64: 3}": "must be a base64 string",
    "{status: 200, raw: a, raw_base64: YQ==}": "keep one",
    "{redirect: 200}": "is not a redirect status; use one of 301, 302, 303, 307, 308",
    "{redirect: {to: /a}}": "unknown key 'to'",
    "{redirect: {location: 3}}": "location must be a string",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_names_its_place_and_the_fix(text: str) -> None:
    with pytest.raises(ScriptError) as caught:
        decode_steps(load_yaml(f"- {text}", "file"), "scenario faults, future 1")
    assert str(caught.value).startswith("scenario faults, future 1, step 1: ")
    assert MISTAKES[text] in str(caught.value)


@pytest.mark.parametrize("delay", [float("nan"), float("inf")])
def test_a_delay_that_is_not_finite_is_refused(delay: float) -> None:
    with pytest.raises(ScriptError, match="step 1: .*use 0 to 100000"):
        decode_steps([{"complete": {}, "wire": {"delay": delay}}], "x")


def test_a_missing_library_is_reported_when_the_script_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "brotli", None)
    with pytest.raises(ScriptError, match="pip install brotli"):
        wired(complete(), compress="br")


def test_what_is_no_reply_cannot_be_corrupted() -> None:
    step: Any = refuse(1)
    with pytest.raises(ScriptError, match="wire needs a reply"):
        wired(step, cut="body")


def test_a_head_alone_can_be_corrupted_where_there_is_no_body() -> None:
    assert wired(status(204), cut="head").wire.cut == Cut(Part.HEAD)
