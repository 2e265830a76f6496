"""The server under test: its URL, the API key to send, and how many requests a run may send."""

from __future__ import annotations

import ipaddress
import json
import re
import threading
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from tinker_conformance.error_families import UserError

DEFAULT_MAX_REQUESTS: Final = 1000
"""The default of `--max-requests`. A run of all probes on a fast server sends about 500 requests."""
DEFAULT_PER_RELEASE: Final = 300
"""How many requests `--releases` adds to that default for each release. A release sends 50 to 90 requests to
a server that answers at once; a verb that hangs sends up to 290 in 60 s.
"""
DEFAULT_MAX_MINUTES: Final = 30.0
"""The default of `--max-minutes`. A fast server is judged in one minute."""
DEFAULT_API_KEY: Final = "tml-conformance"
"""The API key that is sent without `--api-key`. Releases of the official SDK refuse a key without `tml-`."""
KEY_VARIABLE: Final = "TINKER_API_KEY"
"""The environment variable from which `--api-key` is read; the official SDK reads the same one."""
HIDDEN: Final = "[api key]"


@dataclass(frozen=True, slots=True)
class ServerUnderTest:
    """The server that the options name. The API key appears in no `repr` and in no text of the kit.

    Attributes:
        url: The base URL, without a slash at the end.
        api_key: The API key to send.
        base_model: The base model to request; None for the first that the server's capabilities list.
        name: The server's name in reports.
    """

    url: str
    api_key: str = field(default=DEFAULT_API_KEY, repr=False)
    base_model: str | None = None
    name: str = ""

    def without_key(self, text: str) -> str:
        """Return a text in which the API key is replaced: servers quote it in errors."""
        return without_key(text, self.api_key)


def without_key(text: str, key: str) -> str:
    """Return a text in which a key is replaced.

    The key is also found in another case, and escaped as in JSON or in a URL.
    """
    for form in dict.fromkeys((key, json.dumps(key)[1:-1], quote(key))):
        if form:
            text = re.sub(re.escape(form), HIDDEN, text, flags=re.IGNORECASE)
    return text


def most_requests(releases: int) -> int:
    """Return how many requests a run may send by default, with this many releases of the official SDK."""
    return DEFAULT_MAX_REQUESTS + DEFAULT_PER_RELEASE * releases


def server_under_test(
    url: str,
    *,
    api_key: str | None = None,
    base_model: str | None = None,
    name: str | None = None,
    allow_remote: bool = False,
) -> ServerUnderTest:
    """Return the server that the options name.

    Args:
        url: The value of `--url`: scheme, host, port and, if there is one, a path before `/api/v1`.
        api_key: The value of `--api-key`, or None for the default key.
        base_model: The value of `--base-model`, or None.
        name: The server's name in reports; None for host and port.
        allow_remote: Whether the URL may name another host than this machine.

    Raises:
        UserError: The URL cannot be used, has a password in it, or names another machine that is not allowed.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UserError(f"--url is not a URL ({error}); give one like http://127.0.0.1:8000") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise UserError(f"--url {url!r} is not an http or https URL; give one like http://127.0.0.1:8000")
    if parts.username is not None or parts.password is not None:
        raise UserError("--url has a user name or password in it; give the key with --api-key")
    if parts.query or parts.fragment:
        raise UserError(f"--url {url!r} has a query or fragment; give scheme, host, port and path only")
    if parts.path.rstrip("/").endswith("/api/v1"):
        shorter = url.rstrip("/").removesuffix("/api/v1")
        raise UserError(f"--url ends with /api/v1, which the kit adds itself; give {shorter}")
    if not allow_remote and not is_loopback(host):
        raise UserError(
            f"--url names {host}, which is not this machine; add --allow-remote if you may test that server"
        )
    if api_key is not None and (not api_key or not api_key.isascii() or not api_key.isprintable()):
        raise UserError(
            f"the API key (--api-key or {KEY_VARIABLE}) is empty or has characters that no header can carry; "
            "give the key that the server expects"
        )
    place = f"[{host}]" if ":" in host else host
    return ServerUnderTest(
        url=f"{parts.scheme}://{place}" + (f":{port}" if port else "") + parts.path.rstrip("/"),
        api_key=DEFAULT_API_KEY if api_key is None else api_key,
        base_model=base_model,
        name=name or (f"{place}:{port}" if port else place),
    )


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine. This compares text; no name is looked up."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class RequestBudget:
    """Counts requests up to a limit. Thread-safe."""

    def __init__(self, most: int = DEFAULT_MAX_REQUESTS) -> None:
        """Allow `most` requests."""
        self.most = most
        self._sent = 0
        self._lock = threading.Lock()

    @property
    def sent(self) -> int:
        """How many requests were counted so far."""
        return self._sent

    @property
    def left(self) -> int:
        """How many more requests may be sent."""
        return self.most - self._sent

    def spend(self, count: int = 1) -> None:
        """Count requests that are about to be sent.

        Raises:
            UserError: That would be more requests than allowed.
        """
        with self._lock:
            if self._sent + count > self.most:
                raise self.exceeded("the run")
            self._sent += count

    def exceeded(self, what: str) -> UserError:
        """Return the error for an action that needs more requests than are left.

        Args:
            what: The action, for the text of the error.
        """
        return UserError(
            f"{what} needs more requests than the {self.most} that --max-requests allows; raise "
            "--max-requests, or find out why the server answers so many polls without a result"
        )
