"""Which connections the clients used, and which requests each connection carried.

Only the loopback socket has connections: a client in the same process calls the engine. A connection counts
from its first request; a connection that was opened but never used is not listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fake_server.core.number_words import counted
from fake_server.core.wanted_got import wanted_got
from fake_server.engine.journal import Exchange

_MOST_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class UsedConnection:
    """One connection that carried at least one request.

    Attributes:
        number: 1-based number of the connection, in the order of first requests.
        requests: The requests that the connection carried, in order.
    """

    number: int
    requests: tuple[Exchange, ...]

    def __str__(self) -> str:
        shown = [f"{each.method} {each.path}" for each in self.requests[:_MOST_SHOWN]]
        left = len(self.requests) - len(shown)
        more = [f"… and {left} more"] if left else []
        return f"connection {self.number}: {', '.join([*shown, *more])}"


def used_connections(exchanges: Iterable[Exchange]) -> tuple[UsedConnection, ...]:
    """Return the connections that carried these exchanges (requests with their answers).

    Exchanges in process have no connection.
    """
    requests: dict[int, list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.connection is not None:
            requests.setdefault(exchange.connection, []).append(exchange)
    return tuple(
        UsedConnection(number, tuple(came)) for number, came in enumerate(requests.values(), start=1)
    )


def connection_difference(exchanges: Iterable[Exchange], count: int, how_to_use_a_socket: str) -> str | None:
    """Return a message with the fix if the number of connections is not ``count``, else None.

    Args:
        exchanges: The requests with their answers.
        count: The expected number of connections.
        how_to_use_a_socket: The fix for requests that came in process, where there are no connections.
    """
    asked = tuple(exchanges)
    used = used_connections(asked)
    in_process = sum(exchange.connection is None for exchange in asked)
    if in_process:
        wanted = counted(count, "connection")
        return (
            f"wanted {wanted}, but {counted(in_process, 'request')} came in process, where there are none; "
            f"{how_to_use_a_socket} to ask for connections"
        )
    if len(used) == count:
        return None
    fix = (
        "keep one client open for all requests"
        if len(used) > count
        else "see which client's requests did not come"
    )
    lines = [f"{wanted_got(counted(count, 'connection'), len(used))}; {fix}; the connections used:"]
    return "\n".join([*lines, *(f"  {connection}" for connection in used)] if used else [*lines, "  none"])
