"""SDKs that format, or lose letters of, what the server said or how a client is called."""

from __future__ import annotations

from typing import Final

from tinker_conformance.queue_state import QueueState
from tinker_conformance.reference.observer import ClientObserver

from .declaration import Chapter
from .patches import WithObserver
from .shows_in import a_client_is_called, gives_a_reason

SDKS: Final = Chapter()


class _FormatsTheReason(ClientObserver):
    __slots__ = ()

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        super().on_queue_state_change(state, None if reason is None else str(reason) % ())


@SDKS.adapter(
    "formats_the_reason",
    under="tinker-0.7",
    caught_by="reasons.any_text",
    saying="wanted a pause line at 0.000 s, got nothing",
    shows_in=gives_a_reason,
)
class _WithAFormattedReason(WithObserver):
    observer = _FormatsTheReason


class _AsciiObserver(ClientObserver):
    __slots__ = ()

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        name = self.identifier
        self.identifier = None if name is None else name.encode("ascii", "ignore").decode("ascii")
        try:
            super().on_queue_state_change(state, reason)
        finally:
            self.identifier = name


@SDKS.adapter(
    "logs_ascii_in_sampling",
    under="tinker-0.5.1",
    caught_by="messages.any_sampling_identifier",
    saying="wanted a pause line with the identifier 'sampler weird",
    also=("messages.any_training_identifier",),
    shows_in=a_client_is_called(lambda name: not name.isascii()),
)
class _LogsAsciiInSampling(WithObserver):
    observer = _AsciiObserver


class _SplitsTheIdentifier(ClientObserver):
    __slots__ = ()

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        name = self.identifier
        self.identifier = None if name is None else name.splitlines()[0]
        try:
            super().on_queue_state_change(state, reason)
        finally:
            self.identifier = name


@SDKS.adapter(
    "logs_the_first_line_of_an_identifier",
    under="tinker-0.5.1",
    caught_by="messages.any_training_identifier",
    saying="the identifier 'model odd {} {0} {identifier} %d %(name)s lines one\\ntwo",
    shows_in=a_client_is_called(lambda name: len(name.splitlines()) != 1),
)
class _LogsTheFirstLine(WithObserver):
    observer = _SplitsTheIdentifier


class _FormatsTheIdentifier(ClientObserver):
    __slots__ = ()

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        if self.identifier is not None:
            self.identifier.format(reason, identifier=self.identifier)
        super().on_queue_state_change(state, reason)


@SDKS.adapter(
    "formats_the_identifier",
    under="tinker-0.10",
    caught_by="messages.any_creation_identifier",
    saying="wanted a pause line with the identifier 'model odd {} {0}",
    also=("messages.any_sampling_identifier", "messages.any_training_identifier"),
    shows_in=a_client_is_called(lambda name: "{" in name or "}" in name),
)
class _WithAFormattedIdentifier(WithObserver):
    observer = _FormatsTheIdentifier


class _CutsTheIdentifier(ClientObserver):
    __slots__ = ()

    def on_queue_state_change(self, state: QueueState, reason: object = None) -> None:
        name = self.identifier
        self.identifier = None if name is None else name[:1024]
        try:
            super().on_queue_state_change(state, reason)
        finally:
            self.identifier = name


@SDKS.adapter(
    "cuts_an_identifier_at_a_kilobyte",
    under="tinker-0.38",
    caught_by="messages.any_training_identifier",
    saying="wanted a pause line with the identifier 'model odd {} {0}",
    also=("messages.any_creation_identifier", "messages.any_sampling_identifier"),
    shows_in=a_client_is_called(lambda name: len(name.encode()) > 1000),
)
class _CutsAnIdentifier(WithObserver):
    observer = _CutsTheIdentifier


@SDKS.adapter(
    "logs_ascii_in_training",
    under="tinker-0.38",
    caught_by="messages.any_training_identifier",
    saying="wanted a pause line with the identifier 'model weird",
    also=(
        "messages.any_creation_identifier",
        "messages.any_sampling_identifier",
    ),
    shows_in=a_client_is_called(lambda name: not name.isascii()),
)
class _LogsAsciiInTraining(WithObserver):
    observer = _AsciiObserver


@SDKS.adapter(
    "logs_ascii_in_creation",
    under="tinker-0.10",
    caught_by="messages.any_creation_identifier",
    saying="wanted a pause line with the identifier 'model weird",
    also=("messages.any_sampling_identifier", "messages.any_training_identifier"),
    shows_in=a_client_is_called(lambda name: not name.isascii()),
)
class _LogsAsciiInCreation(WithObserver):
    observer = _AsciiObserver
