"""The page of dialects: what each server does unlike the official service, with its source."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from fake_server.dialects.dialect import Dialect
from fake_server.dialects.dialect_files import dialect_named, dialect_names


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


_INTRODUCTION: Final = """\
# Dialects

Other servers speak the Tinker API too, each a little differently. The fake server can speak as they do, so
that you see what your SDK or your program does there:

```python
from fake_server import FakeTinker

engine = FakeTinker(seed=7, dialect="skyrl")
```

```console
$ python -m fake_server --seed 7 --dialect skyrl
```

`tinker-conformance run --sdk SPEC --dialect NAME` shows what an SDK does there: information, never
conformance. The suite in pytest has the same option. A scenario may name a dialect too. The fixtures have
the option `dialect` of `FakeTinkerOptions`. A pending reply comes at once, unless `long_polls`
(`--long-polls`) asks for the delay of that server. Scripts and faults work as ever: the dialect changes the
form of the replies, not their order. Some dialects also refuse what an earlier request stands in the way of,
or too many samples at once. That `load_weights` is taken only as the first request of a model needs no
dialect: the official service does so, and the fake with a seed.

This page is generated from the files in `fake_server/dialects`. What a dialect does not name is as the
official service does it. Each fact was read in the server's source, or seen when the server was run, at the
version or date below; later versions may differ. A dialect is a description, not a judgement.

| dialect | a result is not there | a future failed | longest poll | sequence ids | protobuf |
|---|---|---|---:|---|---|"""


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    for name in dialect_names():
        yield f"| [`{name}`](#{name}) | {' | '.join(_summary(dialect_named(name)))} |"
    without = ", ".join(f"`{name}`" for name in dialect_names() if not _offers_samplers(dialect_named(name)))
    yield ""
    yield (
        "What a server does not offer is 404, and a client that needs it ends in an error. `tinker` 0.38 "
        "asks `GET samplers/ID` for the base model when it creates a sampling client from a path. So its "
        "`create_sampling_client(model_path=…)` raises `NotFoundError` where a server has no such endpoint: "
        f"{without}. Older releases do not ask, and neither does a client that is created with `base_model`."
    )
    for name in dialect_names():
        yield from _section(name, dialect_named(name))


def _offers_samplers(dialect: Dialect) -> bool:
    return dialect.endpoints is None or any(
        offered.startswith("GET samplers/") for offered in dialect.endpoints.offered
    )


def _summary(dialect: Dialect) -> Iterator[str]:
    pending, failed = dialect.pending, dialect.failed
    yield "as official" if pending is None else _reply(pending.status, pending.body)
    yield "as official" if failed is None else _reply(failed.status, failed.body)
    yield "as official" if pending is None else f"{pending.seconds:g} s"
    yield "no" if dialect.submission is not None and not dialect.submission.sample_sequence_ids else "yes"
    yield "no" if dialect.protobuf is not None and not dialect.protobuf.results else "yes"


def _reply(status: int, body: dict[str, object]) -> str:
    return f"{status} `{json.dumps(body)}`"


def _section(name: str, dialect: Dialect) -> Iterator[str]:
    yield ""
    yield f"## {name}"
    yield ""
    how = {
        "read": "Its code was read",
        "run": "It was run",
        "read and run": "Its code was read, and it was run",
    }[dialect.how]
    yield f"{dialect.server}. {how} ({dialect.seen})."
    yield ""
    if dialect.pending is not None:
        yield f"- A result is not there: {_reply(dialect.pending.status, dialect.pending.body)}, after"
        yield f"  {dialect.pending.seconds:g} s. *{dialect.pending.source}*"
    if dialect.failed is not None:
        words = ", ".join(f"`{ours}` is `{theirs}`" for ours, theirs in dialect.failed.categories.items())
        yield f"- A future failed: {_reply(dialect.failed.status, dialect.failed.body)}."
        yield f"  {f'Categories: {words}. ' if words else ''}*{dialect.failed.source}*"
    if dialect.unknown_future is not None:
        yield f"- An unknown future: {dialect.unknown_future.status}. *{dialect.unknown_future.source}*"
    if (submission := dialect.submission) is not None:
        without = "" if submission.sample_sequence_ids else "no `sample_sequence_ids`; "
        statuses = ", ".join(f"`{endpoint}` {status}" for endpoint, status in submission.statuses.items())
        yield f"- Submissions: {without}statuses: {statuses or '200'}. *{submission.source}*"
    if (conflicts := dialect.conflicts) is not None:
        named = (
            ("a sequence number that another request had", conflicts.reused_number),
            ("a checkpoint name that exists", conflicts.taken_name),
            ("a checkpoint whose save has not ended", conflicts.unfinished_checkpoint),
        )
        refused = ", ".join(f"{what} {status}" for what, status in named if status is not None)
        yield f"- Refused: {refused}. *{conflicts.source}*"
    if (busy := dialect.busy) is not None:
        later = "" if busy.retry_after is None else f" with `Retry-After: {busy.retry_after}`"
        yield f"- More than {busy.samples} samples in flight: {busy.status}{later}. *{busy.source}*"
    if (protobuf := dialect.protobuf) is not None:
        reads = "read" if protobuf.requests else f"refused with {protobuf.refusal}"
        yield f"- Protobuf: requests are {reads}; results: {'yes' if protobuf.results else 'no'}."
        yield f"  *{protobuf.source}*"
    if dialect.key is not None:
        yield f"- Without a key: {dialect.key.missing}. *{dialect.key.source}*"
    if dialect.endpoints is not None:
        offered = ", ".join(f"`{endpoint}`" for endpoint in dialect.endpoints.offered)
        yield f"- Paths that exist (all others answer 404): {offered}. *{dialect.endpoints.source}*"
