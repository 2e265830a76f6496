"""Find requests in the journal that a test expects, or else the request that comes nearest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fake_server.core.endpoints import named_endpoint
from fake_server.core.errors import BodyError, ScriptError
from fake_server.core.http_messages import Request
from fake_server.core.operations import SUBMISSION_PATHS, Operation, candidates
from fake_server.core.wanted_got import wanted_got
from fake_server.engine.journal import Exchange
from fake_server.engine.request_decoding import decode_request
from fake_server.script.request_match import RequestMatch, request_match

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExpectedRequest:
    """A request that a test expects.

    Attributes:
        path: The path; if the test names an operation, the path to which official releases POST it.
        operation: The operation; None if the test names a path.
        conditions: The conditions on the request's body.
    """

    path: str
    operation: Operation | None
    conditions: RequestMatch

    def differences(self, exchange: Exchange, body: Body) -> list[str]:
        """Return one sentence for each way in which a request differs from the expected one.

        Args:
            exchange: The request.
            body: The decoded body of the request.
        """
        return [*self._of_kind(exchange, body), *self.conditions.differences(body, {})]

    def is_for(self, exchange: Exchange, body: Body) -> bool:
        """Return whether a request is for the expected operation or path, whatever its body contains."""
        return not self._of_kind(exchange, body)

    def _of_kind(self, exchange: Exchange, body: Body) -> list[str]:
        if self.operation is None:
            return [] if exchange.path == self.path else [f"path: {wanted_got(self.path, exchange.path)}"]
        submitted = SUBMISSION_PATHS.get(exchange.path)
        if submitted is None:
            return [f"path: {wanted_got(self.path, exchange.path)}"]
        possible = candidates(submitted, body)
        if self.operation in possible:
            return []
        return [f"operation: {wanted_got(self.operation, possible[0])}"]

    def __str__(self) -> str:
        conditions = str(self.conditions)
        return f"POST {self.path}" + (f" with {conditions}" if conditions else "")


def expected_request(
    request: Operation | str, where: Mapping[str, object] | RequestMatch | None, fields: Mapping[str, object]
) -> ExpectedRequest:
    """Return the request that a test expects, from the arguments of ``assert_sent``.

    Args:
        request: An operation or its name, or a path (below ``/api/v1/`` without a leading slash).
        where: Conditions on the body, as ``add_script`` takes them; None for none.
        fields: Further fields of the body and their values.

    Raises:
        ScriptError: A condition is invalid, or there is no such endpoint or operation.
    """
    given = request_match(where) or RequestMatch()
    more = request_match(fields) or RequestMatch()
    conditions = RequestMatch((*given.conditions, *more.conditions))
    path, operation = named_endpoint(request)
    return ExpectedRequest(path, operation, conditions)


def sent_bodies(exchanges: Iterable[Exchange], expected: ExpectedRequest) -> tuple[dict[str, Any], ...]:
    """Return the decoded body of each request that is as expected, in order of arrival.

    Raises:
        ScriptError: No request is as expected, and a condition is on a misspelt field.
    """
    decoded = ((exchange, _decoded(exchange)) for exchange in exchanges)
    bodies = [body for exchange, body in decoded if expected.is_for(exchange, body)]
    captured: dict[str, object] = {}
    found = tuple(dict(body) for body in bodies if expected.conditions.matches(body, captured))
    if not found and (text := expected.conditions.misspelt(bodies)) is not None:
        raise ScriptError(text)
    return found


def find_request(exchanges: Iterable[Exchange], expected: ExpectedRequest) -> Exchange | str:
    """Return the first request that is as expected, or a message about the one that comes nearest."""
    best: tuple[int, Exchange, list[str]] | None = None
    for exchange in exchanges:
        body = _decoded(exchange)
        differences = expected.differences(exchange, body)
        if not differences:
            return exchange
        same_kind = expected.is_for(exchange, body)
        distance = len(differences) + (0 if same_kind else len(expected.conditions.conditions))
        if best is None or distance < best[0]:
            best = distance, exchange, differences
    if best is None:
        return f"no {expected} came, and neither did any other request; give the client this fake's base URL"
    _, exchange, differences = best
    return (
        f"no {expected} came; the nearest is request {exchange.index} ({exchange.method} {exchange.path}): "
        f"{'; '.join(differences)}; fix the call or the expected fields"
    )


def _decoded(exchange: Exchange) -> Body:
    try:
        return decode_request(
            Request(exchange.method, exchange.path, exchange.query, exchange.headers, exchange.body)
        )
    except BodyError:
        return {}
