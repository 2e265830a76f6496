"""Which servers may be asked, and that the key stays a secret."""

from __future__ import annotations

import pytest

from tinker_conformance.error_families import UserError
from tinker_conformance.server.target import HIDDEN, RequestBudget, is_loopback, server_under_test


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000/tinker/", "http://127.8.9.10:1"]
)
def test_this_machine_may_be_asked(url: str) -> None:
    assert server_under_test(url).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://192.168.0.1:8000", "add --allow-remote"),
        ("https://tinker.example.org", "add --allow-remote"),
        ("http://localhost.example.org", "add --allow-remote"),
        ("ftp://127.0.0.1", "is not an http or https URL"),
        ("127.0.0.1:8000", "is not an http or https URL"),
        ("http://", "is not an http or https URL"),
        ("http://127.0.0.1:99999", "is not a URL"),
        ("http://user:secret@127.0.0.1", "give the key with --api-key"),
        ("http://127.0.0.1?key=1", "has a query or fragment"),
    ],
)
def test_others_are_a_usage_error(url: str, expected: str) -> None:
    with pytest.raises(UserError, match=expected) as caught:
        server_under_test(url)
    assert "secret" not in str(caught.value)


def test_another_machine_may_be_asked_if_the_user_says_so() -> None:
    assert server_under_test("https://tinker.example.org", allow_remote=True).name == "tinker.example.org"


@pytest.mark.parametrize("key", ["", "tml-\n", "tml-é"])
def test_a_key_that_no_header_can_carry_is_a_usage_error(key: str) -> None:
    with pytest.raises(UserError, match="characters that no header can carry") as caught:
        server_under_test("http://127.0.0.1", api_key=key)
    assert not key or key not in str(caught.value)


def test_the_key_is_in_no_text() -> None:
    target = server_under_test("http://127.0.0.1", api_key="tml-secret")
    assert "tml-secret" not in repr(target)
    assert target.without_key("the key tml-secret is not known") == f"the key {HIDDEN} is not known"


@pytest.mark.parametrize("host", ["example.org", "10.0.0.1", "0.0.0.0", "::"])
def test_other_hosts_are_not_this_machine(host: str) -> None:
    assert not is_loopback(host)


def test_a_budget_ends() -> None:
    budget = RequestBudget(2)
    budget.spend()
    budget.spend()
    with pytest.raises(UserError, match="raise --max-requests"):
        budget.spend()
    assert budget.sent == 2
