"""Turn an exception of the SDK into an outcome: whether the server or the release is at fault, and a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fake_server.core.bounded_files import parse_json
from fake_server.core.errors import FileError
from tinker_conformance.error_families import ConformanceError
from tinker_conformance.report.verb_outcome import VerbOutcome
from tinker_conformance.server.releases.exchange_log import Sent
from tinker_conformance.server.target import without_key

_MOST_CHARACTERS: Final = 400
_MISSING_STATUSES: Final = frozenset({405, 501})
_SAYS_NOTHING: Final = frozenset({"", "notfound"})
_OLD_FAILURE: Final = "Error retrieving result: {"
"""How the text of a failed future begins in releases before 0.3."""
_FAILED: Final = "RequestFailedError"


class VerbError(ConformanceError):
    """A verb cannot be carried out, or the SDK returned a result that no correct server gives.

    Attributes:
        outcome: `ABSENT`: the release does not have the method. `NOT_TESTABLE`: something is missing that the
            verb needs. `ERROR`: a wrong result.
    """

    def __init__(self, outcome: VerbOutcome, text: str = "") -> None:
        super().__init__(text)
        self.outcome = outcome


def described_failure(error: BaseException, sent: Sequence[Sent], *, key: str) -> tuple[VerbOutcome, str]:
    """Return the outcome of a verb whose call raised an exception, and the reason in words.

    Args:
        error: The exception that the SDK raised.
        sent: The requests of the verb.
        key: The API key, which servers quote; it is removed before the text is cut.
    """
    outcome, note = _described(error, sent)
    return outcome, _cut(without_key(note, key))


def _described(error: BaseException, sent: Sequence[Sent]) -> tuple[VerbOutcome, str]:
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _refused(error, status)
    text = f"{type(error).__name__}: {error}"
    last = next((each for each in reversed(sent) if each.ended is not None), None)
    after = "" if last is None else f", after {last.name}: {last.reply_text}"
    if isinstance(error, VerbError):
        return VerbOutcome.ERROR, f"server: {error}{after}"
    match type(error).__name__:
        case name if name == _FAILED or str(error).startswith(_OLD_FAILURE):
            return VerbOutcome.ERROR, f"server: the future failed ({text})"
        case _ if last is not None and (last.trouble is not None or (last.status or 0) >= 400):
            return VerbOutcome.ERROR, f"server: {last.name}: {last.reply_text} ({text})"
        case _:
            return VerbOutcome.ERROR, f"SDK: {text}{after}"


def _refused(error: Any, status: int) -> tuple[VerbOutcome, str]:
    request = error.response.request
    path = request.url.path
    name = f"{request.method} {path}"
    body = error.response.text
    if "/retrieve_future" not in path and (
        status in _MISSING_STATUSES or (status == 404 and says_nothing(body))
    ):
        return VerbOutcome.NOT_OFFERED, f"{name}: HTTP {status}"
    if status < 400 and (location := error.response.headers.get("location")):
        return VerbOutcome.ERROR, f"server: {name}: HTTP {status}, a redirect to {location}, not followed"
    if status < 400:
        why = error.__cause__ or error
        return VerbOutcome.ERROR, f"server: {name}: HTTP {status}, but the SDK cannot read the reply: {why}"
    return VerbOutcome.ERROR, f"server: {name}: HTTP {status} {body}".rstrip()


def says_nothing(body: str) -> bool:
    """Return whether the body of a 404 says no more than "not found".

    Frameworks answer in this way for a path that they do not have. A server that has the endpoint but not the
    model names what is missing.
    """
    try:
        decoded = parse_json(body)
    except FileError:
        return True
    if not isinstance(decoded, dict) or decoded.get("problem") == "unexpected_request":
        return True
    texts = [value for value in decoded.values() if isinstance(value, str)]
    return all("".join(filter(str.isalpha, text.lower())) in _SAYS_NOTHING for text in texts)


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
