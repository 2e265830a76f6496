"""Messages about requests that do not match the scripts: what came, what was scripted, and the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice
from typing import Final

from fake_server.core.errors import nearest, suggestion
from fake_server.core.faults import RawBytes, Refusal
from fake_server.core.number_words import counted
from fake_server.core.operations import API_PREFIX, Operation
from fake_server.engine.futures import FutureBook, ScriptedFuture
from fake_server.script.builder import Exhausted
from fake_server.script.holds import Hold, Outage
from fake_server.script.rules import Rule, RuleBook
from fake_server.script.steps import (
    Complete,
    Drop,
    Fail,
    HttpStep,
    ReplyStep,
    Status,
    Timeout,
    TryAgain,
    Wired,
)

MAX_LISTED: Final = 5
MAX_COMPARED: Final = 500


def described(reply: ReplyStep) -> str:
    """Return a short description of a scripted reply, for a message."""
    match reply:
        case Wired(reply=inner, wire=wire):
            return f"{described(inner)} ({wire.name})"
        case Refusal() | RawBytes():
            return reply.name
        case Drop(kind=kind, after=after):
            return f"drop {kind}" if after is None else f"drop {kind} after it was {after}"
        case _:
            return _described_reply(reply)


def _described_reply(reply: HttpStep) -> str:
    match reply:
        case Timeout():
            return "timeout"
        case TryAgain():
            return "try_again"
        case Status(status=code):
            return f"status {code}"
        case Complete():
            return "complete"
        case Fail(category=category):
            return f"fail {category}"


def unfinished_script(future: ScriptedFuture, clients: Iterable[str] = ()) -> str:
    """Return the message about a script with replies left: how many were sent, what is left, and the fix.

    Args:
        future: The future whose script is not finished.
        clients: The clients that submitted something; the test may have meant one of them.
    """
    owner = f"future {future.name!r} ({_owner(future)})"
    left = _listed(future.left)
    if future.refusals:
        sent = _listed(turn.reply for turn in future.script.submission_turns[: future.refusals])
        accepted = "nothing" if future.submitted else "the submission that is accepted"
        remaining = _listed(future.refusals_left) or accepted
        if not future.submitted:
            fix = "submit again, or shorten the script"
            return f"{owner}: its submission got {sent}; left: {remaining}; {fix}"
        if future.refusals_left or not future.polls:
            fix = "send the submission again with its number, or shorten the script"
            polls = f"; polls: {left}" if left else ""
            return f"{owner}: its submission got {sent}; left: {remaining}{polls}; {fix}"
    if not future.submitted:
        fix = "submit such a request, or do not register the script"
        if future.client is not None and future.client not in clients:
            fix = suggestion(future.client, clients, fix)
        return f"{owner}: no submission took it; scripted: {left}; {fix}"
    served = _listed(turn.reply for turn in future.script.turns[: future.served]) or "nothing"
    total = len(future.script.turns)
    return (
        f"{owner}: served {future.served} of {counted(total, 'reply', 'replies')} ({served}); left: {left}; "
        "poll it to its end, or shorten the script"
    )


def unused_rule(rule: Rule, submissions: int, clients: Iterable[str]) -> str:
    """Return the message about a rule that never applied: how many submissions it counted, and the fix.

    Args:
        rule: The rule.
        submissions: How many submissions the rule counted.
        clients: The clients that submitted something; the test may have meant one of them.
    """
    where = "" if rule.where is None else f" where {rule.where}"
    owner = f"{rule.operation or 'any operation'} of {_client(rule.client)}{where}"
    text = (
        f"the rule {rule.choice} for {owner} never applied: it counted {counted(submissions, 'submission')}"
    )
    if not submissions and rule.client is not None:
        return f"{text}; {suggestion(rule.client, clients, 'no such client submitted anything')}"
    return f"{text}; submit more, choose others, or add it with optional=True"


def unused_hold(hold: Hold) -> str:
    """Return the message about an outage or a limit that never paused a future, with the fix."""
    held = hold.held
    owner = f"{held.operation or 'any operation'} of {_client(held.client)}"
    what = (
        f"outage after {counted(hold.after, 'submission')}"
        if isinstance(hold, Outage)
        else f"limit of {hold.count}"
    )
    return f"the {what} for {owner} held nothing; submit more, or add it with optional=True"


def _client(client: str | None) -> str:
    return "any client" if client is None else f"client {client!r}"


def exhausted_script(future: ScriptedFuture, index: int) -> str:
    """Return the message about a poll that came after the last reply of a script.

    Args:
        future: The polled future.
        index: 0-based number of the poll.
    """
    replies = _listed(turn.reply for turn in future.script.turns) or "no replies"
    if future.script.exhausted is Exhausted.ERROR:
        fix = "lengthen it, or choose exhausted: fail or repeat"
    else:
        fix = "lengthen it if you did not intend that"
    return f"poll {index + 1} of future {future.name!r} came after the end of its script ({replies}); {fix}"


def unknown_future(book: FutureBook, request_id: str) -> str:
    """Return the message about a poll with a request id that no submission got."""
    if request_id in book.by_name:
        return f"future {request_id!r} was polled before it was submitted; submit its request first"
    near = nearest(request_id, [*islice(reversed(book.by_request_id), MAX_COMPARED), *book.by_name])
    text = f"a poll came for request_id {request_id!r}, which no submission received"
    if near is None:
        return f"{text}; {len(book.by_request_id)} were submitted: poll an id from the reply to a submission"
    name = book.by_request_id[near].name if near in book.by_request_id else near
    return f"{text}; the nearest future is {name!r} (request_id {near!r}): poll that"


def unexpected_request(method: str, path: str, known: Iterable[str]) -> str:
    """Return the message about a request to an unknown path, with the nearest known path."""
    text = f"{method} {path} came, which the fake server does not know"
    paths = [known_path.removeprefix(API_PREFIX) for known_path in known]
    name = path.removeprefix(API_PREFIX)
    if name in paths:
        return f"{text}; use the other HTTP method for that path"
    otherwise = f"it knows submissions, polls and set-up requests below {API_PREFIX}"
    return f"{text}; {suggestion(name, paths, otherwise, prefix=API_PREFIX)}"


def unscripted_submission(  # noqa: PLR0917 - what the engine knows of the request
    book: FutureBook,
    path: str,
    operations: Sequence[Operation],
    client: str | None,
    body: Mapping[str, object],
    rules: RuleBook,
    how_to_complete: str,
) -> str:
    """Return the message about a submission that no script is left for, with the nearest script or rule.

    Args:
        book: The scripted futures.
        path: The path of the request.
        operations: The operations that the submission may be, the most likely first.
        client: The model or sampling session of the submission; None if it names none.
        body: The decoded body of the submission.
        rules: The rules of the engine.
        how_to_complete: The fix, as words that complete "add a script, or …". It says how the user of this
            engine lets submissions without a script complete.
    """
    whose = "" if client is None else f" of client {client!r}"
    came = f"POST {path} came ({operations[0]}{whose}), but no script is left for it"
    free = [future for future in islice(book.by_name.values(), MAX_COMPARED) if not future.submitted]
    if not free:
        if (near_rule := rules.nearest_miss(operations, client, body)) is not None:
            where, differences = near_rule
            return (
                f"{came}, and no rule fits: the nearest is for requests where {where}, which this one misses "
                f"by {'; '.join(differences)}; change the request, or add a reply for it"
            )
        taken = sum(future.scripted for future in book.by_name.values())
        scripts = f"{counted(taken, 'script')} added, all taken" if taken else "none was added"
        return f"{came}: {scripts}; add a script, or {how_to_complete}"
    if (missed := book.nearest_conditional(operations, client, body)) is not None:
        future, differences = missed
        return (
            f"{came}; the nearest is future {future.name!r} ({_owner(future)}), which the request misses by "
            f"{'; '.join(differences)}; change the request or the conditions"
        )
    labels = {_owner(future): future for future in reversed(free)}
    near = labels.get(nearest(f"{operations[0]} of client {client!r}", labels) or "", free[0])
    waiting = Counter(_owner(future) for future in free)
    listed = "; ".join(f"{count} x {owner}" for owner, count in waiting.most_common(MAX_LISTED))
    nearest_future = f"future {near.name!r} ({_owner(near)})"
    return f"{came}; waiting: {listed}; the nearest is {nearest_future}: change the request or the script"


def _owner(future: ScriptedFuture) -> str:
    operation = future.operation or "any operation"
    where = "" if future.where is None else f" where {future.where}"
    return (
        f"{operation} of client {future.client!r}{where}"
        if future.client is not None
        else f"{operation} of any client{where}"
    )


def _listed(replies: Iterable[ReplyStep]) -> str:
    runs = [(text, len(list(run))) for text, run in groupby(map(described, replies))]
    shown = [text if count == 1 else f"{text} x {count}" for text, count in runs[: 2 * MAX_LISTED]]
    return ", ".join(shown) + (", …" if len(runs) > len(shown) else "")
