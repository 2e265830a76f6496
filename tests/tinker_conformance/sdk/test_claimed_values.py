"""A value that an adapter may not claim is explained, whatever its transport."""

from __future__ import annotations

import msgspec
import pytest

from fake_server.core.operations import Operation
from tinker_conformance.error_families import SdkStartError
from tinker_conformance.sdk.adapter import AdapterInfo, Capability
from tinker_conformance.sdk.claimed_values import allowed_values
from tinker_conformance.sdk.in_process.worker_messages import ReadyMessage, decode_answer, encode
from tinker_conformance.sdk.spec import open_sdk


@pytest.mark.parametrize(
    ("claims", "near", "known"),
    [
        ({"operations": ["sampel"]}, "sample", list(Operation)),
        ({"operations": ["sample", "forwrad"]}, "forward", list(Operation)),
        ({"capabilities": ["calbacks"]}, "callbacks", list(Capability)),
        ({"transport": "htpx"}, "httpx", ["httpx", "socket"]),
    ],
)
def test_a_misspelt_claim_of_a_python_adapter_names_the_nearest_and_all_known_values(
    claims: dict[str, object], near: str, known: list[str]
) -> None:
    started = msgspec.to_builtins(ReadyMessage(AdapterInfo(name="an SDK", version="1")))
    started["info"] |= claims
    with pytest.raises(msgspec.ValidationError) as caught:
        decode_answer(encode(started))
    hint = allowed_values(str(caught.value))
    assert hint == f"; did you mean {near!r}?; the choices are {', '.join(known)}"


def test_the_error_of_an_adapter_that_does_not_start_has_the_hint() -> None:
    with pytest.raises(SdkStartError, match=r"operations\[0\]`; did you mean 'sample'\?; the choices are"):
        open_sdk("python:tests.support.report_sdks:ClaimsSampel")


def test_another_error_has_no_hint() -> None:
    assert allowed_values("Expected `str`, got `int` - at `$.info.name`") == ""
