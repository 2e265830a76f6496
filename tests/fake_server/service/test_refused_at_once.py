"""What a service with keys, or a strict one, refuses before there is a future."""

from __future__ import annotations

import pytest

from fake_server import FakeTinker
from tests.fake_server.asking import Asker


@pytest.mark.parametrize("key", [None, "tml-other"])
def test_another_key_is_refused_everywhere(key: str | None) -> None:
    ask = Asker(FakeTinker(seed=1, api_keys=["tml-one", "tml-two"]))
    headers = {} if key is None else {"X_API_Key": key}
    for path in ("client/config", "create_session", "asample", "retrieve_future"):
        assert ask(path, {}, **headers).status == 401


@pytest.mark.parametrize("key", ["tml-one", "tml-two"])
def test_each_known_key_is_accepted(key: str) -> None:
    ask = Asker(FakeTinker(seed=1, api_keys=["tml-one", "tml-two"]))
    assert ask("create_session", {}, X_API_Key=key).status == 200


def test_any_key_is_accepted_where_none_is_named() -> None:
    assert Asker(FakeTinker(seed=1))("create_session", {}, X_API_Key="tml-any").status == 200


@pytest.mark.parametrize("prompt", [None, "text", [1, 2], 3])
def test_a_strict_service_refuses_a_sample_without_a_prompt(prompt: object) -> None:
    body = {"num_samples": 1} if prompt is None else {"num_samples": 1, "prompt": prompt}
    reply = Asker(FakeTinker(seed=1, strict=True))("asample", body)
    assert reply.status == 422
    assert b"prompt" in reply.body
    assert Asker(FakeTinker(seed=1))("asample", body).status == 200


@pytest.mark.parametrize("path", ["forward", "forward_backward"])
def test_a_strict_service_refuses_a_pass_without_an_input(path: str) -> None:
    assert Asker(FakeTinker(seed=1, strict=True))(path, {"model_id": "m", "seq_id": 1}).status == 422
    assert Asker(FakeTinker(seed=1))(path, {"model_id": "m", "seq_id": 1}).status == 200
