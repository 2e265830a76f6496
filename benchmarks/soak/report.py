"""The figures of a soak, in Markdown."""

from __future__ import annotations

from benchmarks.soak.judging import GROWTH, growth
from benchmarks.soak.measures import Soak
from benchmarks.soak.plan import RULED_ONE_IN
from benchmarks.soak.server import KEPT
from benchmarks.table import made_on, table


def section(soak: Soak) -> str:
    """The section of RESULTS.md; of a soak in which nothing was wrong."""
    plan, seen, counts = soak.plan, soak.seen, soak.counts
    whole = sum(seen.statuses.values())
    readable = ", ".join(f"{status}: {count:,}" for status, count in sorted(seen.statuses.items()))
    about = (
        f"`make soak` (seed {plan.seed}): one server in a process of its own, {plan.futures:,} futures of "
        f"six operations on {soak.connections} connections, {plan.seconds:,} s of virtual time in "
        f"{soak.real:.0f} s of real time. Four futures in {RULED_ONE_IN} have a script drawn from the seed: "
        "408, `try_again`, 410, 429, 5xx, redirects, replies cut, slow, late, chunked, compressed or with a "
        "wrong head, resets, half closes, raw bytes, refused connections, clocks that step back; the others "
        "have pauses and trouble laid over them by rules. The clients ask again as an SDK does. Every future "
        "got the very bytes that were planned for it, once; no script has a reply left; the journal's counts "
        "and the clients' agree, status by status."
    )
    rows = [
        ("requests", f"{counts.handled:,} ({counts.handled / soak.real:,.0f}/s)"),
        ("replies read, by status", f"{whole:,} ({readable})"),
        ("broken on the wire", f"{counts.broken:,}, port refused {counts.refusals:,} times"),
        ("virtual time", f"{counts.moved_us / 1e6:,.0f} s"),
        ("latency of whole replies, in a closed loop, p50 and p99", f"{seen.p50:.1f} ms, {seen.p99:.1f} ms"),
        (
            "server CPU, drawing the scripts included",
            f"{soak.cpu:.0f} s, {soak.cpu / counts.handled * 1e6:.0f} µs a request",
        ),
        (
            "journal, at most",
            f"{counts.journal_most:,} of {counts.journal_limit:,}; {counts.dropped:,} dropped",
        ),
        ("futures known at the end", f"{counts.held:,}: each is forgotten {KEPT:,} finished ones later"),
        ("memory after each tenth, MB", ", ".join(f"{usage.memory / 1e6:.1f}" for usage in soak.along)),
        ("memory, most beside first tenth", f"{growth(soak):.3f} times (bound: {GROWTH:g})"),
        ("file descriptors, start and end", f"{soak.before.descriptors}, {soak.after.descriptors}"),
        ("threads, start and end", f"{soak.before.threads}, {soak.after.threads}"),
    ]
    lines = ["## Soak", "", about, "", f"{made_on()}.", "", *table(("", "measured"), rows), ""]
    return "\n".join(lines)
