"""The options of a run against a server, which are the same for the command and for pytest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinker_conformance.error_families import UserError
from tinker_conformance.known_failures.command_options import check_files
from tinker_conformance.requirements.as_of import version_of_kit
from tinker_conformance.server.target import (
    DEFAULT_MAX_MINUTES,
    DEFAULT_MAX_REQUESTS,
    ServerUnderTest,
    server_under_test,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pausing:
    """How much work makes the server pause its queue, if the user has said so.

    Attributes:
        models: This many models in training at the same time make the server pause; None: not known.
        samples: This many samples in flight at the same time make the server pause; None: not known.
    """

    models: int | None = None
    samples: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRequest:
    """The options of a run, as the user gave them.

    Attributes:
        url: The value of `--url`.
        api_key: The value of `--api-key`; not part of the `repr`.
        base_model: The value of `--base-model`.
        name: The server's name in reports; None for host and port.
        quick: Whether to leave out the probes that wait.
        max_requests: How many requests the probes may send.
        max_minutes: How long the probes may take, in minutes.
        allow_remote: Whether the URL may name another host than this machine.
        pausing: How much work makes the server pause.
        only: The ids of the probes to run; empty for all.
        as_of: A version of the kit, to run only the probes that it had; None for all probes.
        known: The file of known failures to apply, or None.
        recorded: The file of known failures to write, or None.
        strict: Whether failed quirks count against the server.
    """

    url: str
    api_key: str | None = None
    base_model: str | None = None
    name: str | None = None
    quick: bool = False
    max_requests: int = DEFAULT_MAX_REQUESTS
    max_minutes: float = DEFAULT_MAX_MINUTES
    allow_remote: bool = False
    pausing: Pausing = Pausing()
    only: tuple[str, ...] = ()
    as_of: str | None = None
    known: Path | None = None
    recorded: Path | None = None
    strict: bool = False

    def __repr__(self) -> str:
        return f"<ServerRequest {self.url}>"

    def check(self) -> ServerUnderTest:
        """Check the options as far as possible before the first request, and return the server.

        Raises:
            ValueError: An option or a file cannot be used; the text says what to use instead.
        """
        target = server_under_test(
            self.url,
            api_key=self.api_key,
            base_model=self.base_model,
            name=self.name,
            allow_remote=self.allow_remote,
        )
        if self.max_requests < 1:
            raise UserError(f"--max-requests is {self.max_requests}; give at least 1")
        version_of_kit(self.as_of)
        check_files(self.known, self.recorded)
        return target
