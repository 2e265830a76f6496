"""The options of a run against a server, the same for the command and for pytest."""

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
    """How the server can be made to pause, if the user says so.

    Attributes:
        models: How many models in training at once make it pause, or None.
        samples: How many samples in flight at once make it pause, or None.
    """

    models: int | None = None
    samples: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRequest:
    """The options of a run, as the user gave them.

    Attributes:
        url: As for `--url`.
        api_key: As for `--api-key`; not part of the `repr`.
        base_model: As for `--base-model`.
        name: What reports call the server, or None for host and port.
        quick: Leave out the probes that wait.
        max_requests: How many requests the probes may send.
        max_minutes: How long the probes may take, in minutes.
        allow_remote: Whether another address than loopback may be asked.
        pausing: How the server can be made to pause.
        only: Ids of the probes to run; empty for all.
        as_of: Judge only the probes that existed in this version of the kit; None for all.
        known: The file of known failures, or None.
        recorded: The file of known failures to write, or None.
        strict: Whether quirks count.
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
        """Check everything that can be checked before the first request, and return the server.

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
