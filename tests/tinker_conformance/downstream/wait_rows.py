"""Every way to wait or to read the time under the fixtures' frozen clock: the page of waits, and its test.

Run as a program, it plays all rows under the frozen clock and prints what happened, one JSON line for each.
"""

# ruff: noqa: ASYNC110, DTZ002, DTZ003, DTZ006, DTZ011 - what a user may write

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import datetime
import json
import multiprocessing
import os
import queue
import sched
import select
import selectors
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

EPOCH: Final = 1_750_000_000.0
SHORT: Final = 0.02
"""Real seconds that a row waits which takes real time."""


class Kind(StrEnum):
    """What happens to the time of a wait or a reading."""

    VIRTUAL = "virtual"
    FOLLOWS = "follows"
    REAL = "real"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One way to wait or to read the time.

    Attributes:
        group: The heading that it stands under.
        text: How it is written in a program, for the page.
        kind: What it does under the frozen clock.
        call: Does it, and checks what it returns.
        seconds: How far the frozen clock moves meanwhile.
    """

    group: str
    text: str
    kind: Kind
    call: Callable[[], object]
    seconds: float = 0.0


ROWS: Final[list[Row]] = []


def _row(
    group: str, text: str, kind: Kind, seconds: float = 0.0
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    def add(call: Callable[[], object]) -> Callable[[], object]:
        ROWS.append(Row(group, text, kind, call, seconds))
        return call

    return add


@contextlib.contextmanager
def _raises(*kinds: type[BaseException]) -> Iterator[None]:
    try:
        yield
    except kinds:
        return
    message = f"expected one of {kinds}"
    raise AssertionError(message)


# -- readings ---------------------------------------------------------------------------------------

READINGS: Final = "Reading the time"


def _moves(read: Callable[[], float], per_second: float = 1.0) -> None:
    before = read()
    time.sleep(10)
    assert abs(read() - before - 10 * per_second) < 1e-5 * per_second, (before, read())


@_row(READINGS, "`time.time()`, `time.time_ns()`", Kind.VIRTUAL, 20)
def _wall() -> None:
    _moves(time.time)
    _moves(time.time_ns, 1e9)


@_row(
    READINGS,
    "`time.monotonic()`, `time.perf_counter()` and their `_ns`",
    Kind.VIRTUAL,
    40,
)
def _monotonic() -> None:
    _moves(time.monotonic)
    _moves(time.monotonic_ns, 1e9)
    _moves(time.perf_counter)
    _moves(time.perf_counter_ns, 1e9)


@_row(READINGS, "`time.clock_gettime()` and `_ns`, of a wall or monotonic clock", Kind.VIRTUAL, 30)
def _clock_gettime() -> None:
    _moves(lambda: time.clock_gettime(time.CLOCK_REALTIME))
    _moves(lambda: time.clock_gettime(time.CLOCK_MONOTONIC))
    _moves(lambda: time.clock_gettime_ns(time.CLOCK_MONOTONIC), 1e9)


@_row(
    READINGS,
    "`time.localtime()`, `gmtime()`, `strftime(…)`, `ctime()`, `asctime()`, `mktime(localtime())`",
    Kind.VIRTUAL,
)
def _broken_down() -> None:
    now = time.time()
    assert time.localtime() == time.localtime(now)
    assert time.gmtime() == time.gmtime(now)
    assert time.strftime("%c") == time.strftime("%c", time.localtime(now))
    assert time.ctime() == time.asctime() == time.ctime(now)
    assert time.mktime(time.localtime()) == int(now)


@_row(
    READINGS,
    "`datetime.now()`, `now(tz)`, `today()`, `utcnow()`, `date.today()`, `now().astimezone()`",
    Kind.VIRTUAL,
)
def _datetimes() -> None:
    now, utc = time.time(), datetime.UTC
    moment = datetime.datetime.fromtimestamp(now, utc)
    assert datetime.datetime.now(utc) == datetime.datetime.now().astimezone() == moment
    assert datetime.datetime.now() == datetime.datetime.today() == datetime.datetime.fromtimestamp(now)
    assert datetime.datetime.now().timestamp() == now
    assert datetime.datetime.utcnow() == moment.replace(tzinfo=None)
    assert datetime.date.today() == datetime.datetime.fromtimestamp(now).date()


@_row(READINGS, "`time.process_time()`, `thread_time()`, `os.times()`, times of files", Kind.REAL)
def _processor() -> None:
    before = time.process_time(), time.thread_time(), os.times().elapsed
    time.sleep(0)
    now = time.process_time(), time.thread_time(), os.times().elapsed
    assert all(0 <= new - old < 5 for new, old in zip(now, before, strict=True))


# -- threads ----------------------------------------------------------------------------------------

THREADS: Final = "Threads"


@_row(THREADS, "`time.sleep(s)`, also `from time import sleep`", Kind.VIRTUAL, 60)
def _sleep() -> None:
    time.sleep(60)


def _side_by_side(*calls: Callable[[], object]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@_row(THREADS, "`time.sleep(s)` in several threads at once: as long as the longest", Kind.VIRTUAL, 40)
def _sleeps_side_by_side() -> None:
    passed = []

    def in_two_parts() -> None:
        began = time.monotonic()
        time.sleep(3)
        time.sleep(4)
        passed.append(time.monotonic() - began)

    _side_by_side(lambda: time.sleep(10), in_two_parts, lambda: time.sleep(10))
    assert passed == [7]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(time.sleep, [10] * 4))
    thread = threading.Thread(target=lambda: time.sleep(20))
    thread.start()
    time.sleep(20)
    thread.join()


@_row(THREADS, "`Event.wait(s)` in several threads at once: as long as the longest", Kind.VIRTUAL, 30)
def _waits_side_by_side() -> None:
    _side_by_side(*[lambda: threading.Event().wait(30)] * 3)


@_row(THREADS, "`time.sleep(s)` while another thread computes", Kind.VIRTUAL, 100)
def _sleep_beside_work() -> None:
    done = threading.Event()

    def compute() -> None:
        while not done.is_set():
            pass

    thread = threading.Thread(target=compute)
    thread.start()
    time.sleep(100)
    done.set()
    thread.join()


@_row(THREADS, "`Event.wait(s)`, `Condition.wait(s)`, `Condition.wait_for(…, s)`", Kind.VIRTUAL, 90)
def _conditions() -> None:
    assert not threading.Event().wait(30)
    condition = threading.Condition()
    with condition:
        assert not condition.wait(30)
        assert not condition.wait_for(lambda: False, 30)


@_row(THREADS, "`Semaphore.acquire(timeout=s)`, `Barrier.wait(s)`", Kind.VIRTUAL, 60)
def _semaphores() -> None:
    assert not threading.Semaphore(0).acquire(timeout=30)
    with _raises(threading.BrokenBarrierError):
        threading.Barrier(2).wait(30)


@_row(THREADS, "`Thread.join(s)`, `threading.Timer`", Kind.VIRTUAL, 90)
def _joins() -> None:
    blocked, fired = threading.Event(), threading.Event()
    thread = threading.Thread(target=blocked.wait)
    thread.start()
    thread.join(30)
    assert thread.is_alive()
    blocked.set()
    thread.join()
    timer = threading.Timer(60, fired.set)
    timer.start()
    fired.wait()
    timer.join()


@_row(THREADS, "`Queue.get(timeout=s)`, `Queue.put(…, timeout=s)`", Kind.VIRTUAL, 60)
def _queues() -> None:
    with _raises(queue.Empty):
        queue.Queue[int]().get(timeout=30)
    full = queue.Queue[int](1)
    full.put(1)
    with _raises(queue.Full):
        full.put(2, timeout=30)


@_row(THREADS, "`while time.monotonic() < deadline: event.wait(0.1)`", Kind.VIRTUAL, 3)
def _polling_with_an_event() -> None:
    event, deadline = threading.Event(), time.monotonic() + 3
    while time.monotonic() < deadline:
        event.wait(0.5)


@_row(THREADS, "`Lock.acquire(timeout=s)`, `RLock`, `SimpleQueue.get(timeout=s)`", Kind.REAL)
def _locks() -> None:
    lock = threading.Lock()
    assert lock.acquire()
    assert not lock.acquire(timeout=SHORT)
    with _raises(queue.Empty):
        queue.SimpleQueue[int]().get(timeout=SHORT)


@_row(
    THREADS,
    "a wait while another thread computes, if it ends first",
    Kind.REAL,
)
def _computing() -> None:
    def compute() -> str:
        until = time.thread_time() + SHORT
        while time.thread_time() < until:
            pass
        return "computed"

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(compute).result(timeout=30) == "computed"


@_row(THREADS, "`while time.monotonic() < deadline: lock.acquire(timeout=0.1)`", Kind.REFUSED)
def _polling_with_a_lock() -> None:
    lock, deadline = threading.Lock(), time.monotonic() + 3
    lock.acquire()
    while time.monotonic() < deadline:
        lock.acquire(timeout=0.005)


@_row(THREADS, "`while time.time() < deadline: pass`", Kind.REFUSED)
def _busy_waiting() -> None:
    deadline = time.time() + 3
    while time.time() < deadline:
        pass


# -- futures ----------------------------------------------------------------------------------------

FUTURES: Final = "`concurrent.futures`"


def _blocked(wait: Callable[[concurrent.futures.Future[bool]], object]) -> None:
    blocked = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(blocked.wait)
        try:
            wait(future)
        finally:
            blocked.set()


@_row(FUTURES, "`Future.result(timeout=s)`, `Future.exception(timeout=s)`", Kind.VIRTUAL, 60)
def _results() -> None:
    for method in ("result", "exception"):
        with _raises(TimeoutError):
            _blocked(lambda future, name=method: vars(type(future))[name](future, timeout=30))  # type: ignore[misc]


@_row(FUTURES, "`wait(…, timeout=s)`, `as_completed(…, timeout=s)`", Kind.VIRTUAL, 60)
def _several() -> None:
    _blocked(lambda future: concurrent.futures.wait([future], timeout=30))
    with _raises(TimeoutError):
        _blocked(lambda future: list(concurrent.futures.as_completed([future], timeout=30)))


@_row(FUTURES, "`Executor.map(…, timeout=s)`", Kind.VIRTUAL, 30)
def _mapped() -> None:
    blocked = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        results = pool.map(lambda _: blocked.wait(), [1], timeout=30)
        try:
            with _raises(TimeoutError):
                list(results)
        finally:
            blocked.set()


# -- asyncio ----------------------------------------------------------------------------------------

ASYNCIO: Final = "asyncio"


@_row(
    ASYNCIO,
    "`asyncio.sleep(s)`, `wait_for(…, s)`, `timeout(s)`, `asyncio.wait(…, timeout=s)`",
    Kind.VIRTUAL,
    100,
)
def _asyncio() -> None:
    async def main() -> None:
        forever = asyncio.Event()
        await asyncio.sleep(10)
        with _raises(TimeoutError):
            await asyncio.wait_for(forever.wait(), 20)
        with _raises(TimeoutError):
            async with asyncio.timeout(30):
                await forever.wait()
        waiting = asyncio.ensure_future(forever.wait())
        await asyncio.wait([waiting], timeout=40)
        waiting.cancel()

    asyncio.run(main())


@_row(
    ASYNCIO,
    "`loop.call_later(s, …)`, `loop.call_at(time.monotonic() + s, …)`, `loop.time()`",
    Kind.VIRTUAL,
    60,
)
def _timers() -> None:
    async def main() -> None:
        loop, fired = asyncio.get_running_loop(), asyncio.Event()
        assert loop.time() == time.monotonic()
        loop.call_later(30, fired.set)
        await fired.wait()
        fired.clear()
        loop.call_at(time.monotonic() + 30, fired.set)
        await fired.wait()

    asyncio.run(main())


@_row(ASYNCIO, "`while time.monotonic() < deadline: await asyncio.sleep(0.1)`", Kind.VIRTUAL, 3)
def _polling_a_loop() -> None:
    async def main() -> None:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            await asyncio.sleep(0.5)

    asyncio.run(main())


@_row(ASYNCIO, "`asyncio.to_thread(time.sleep, s)`", Kind.VIRTUAL, 30)
def _to_thread() -> None:
    asyncio.run(asyncio.to_thread(time.sleep, 30))


@_row(ASYNCIO, "a socket of another process, with a timeout", Kind.FOLLOWS, SHORT)
def _asyncio_socket() -> None:
    async def main(address: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*address)
        with _raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), SHORT)
        writer.close()

    with _silent() as address:
        began = time.monotonic()
        asyncio.run(main(address))
        # What it took to connect counts, too.
        _rewind(time.monotonic() - began - SHORT)


@_row(ASYNCIO, "`asyncio.create_subprocess_exec(…)`", Kind.REAL)
def _asyncio_subprocess() -> None:
    async def main() -> int:
        child = await asyncio.create_subprocess_exec("sleep", str(SHORT))
        return await child.wait()

    assert asyncio.run(main()) == 0


@_row(ASYNCIO, "`while time.monotonic() < deadline: await asyncio.sleep(0)`", Kind.REFUSED)
def _spinning() -> None:
    async def main() -> None:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            await asyncio.sleep(0)

    asyncio.run(main())


# -- trio and anyio ---------------------------------------------------------------------------------

TRIO: Final = "trio and anyio"


@_row(
    TRIO,
    "`trio.sleep(s)`, `move_on_after(s)`, `fail_after(s)`, `trio.to_thread.run_sync(time.sleep, s)`",
    Kind.VIRTUAL,
    90,
)
def _trio() -> None:
    import trio

    async def main() -> None:
        await trio.sleep(10)
        with trio.move_on_after(20):
            await trio.sleep_forever()
        with _raises(trio.TooSlowError), trio.fail_after(30):
            await trio.sleep_forever()
        await trio.to_thread.run_sync(time.sleep, 30)

    trio.run(main)


@_row(TRIO, "`while time.monotonic() < deadline: await trio.sleep(0.1)`", Kind.VIRTUAL, 3)
def _polling_trio() -> None:
    import trio

    async def main() -> None:
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            await trio.sleep(0.5)

    trio.run(main)


def _anyio(backend: str) -> None:
    import anyio

    async def main() -> None:
        await anyio.sleep(10)
        with anyio.move_on_after(20):
            await anyio.sleep_forever()
        await anyio.to_thread.run_sync(time.sleep, 30)

    anyio.run(main, backend=backend)


@_row(TRIO, "anyio on asyncio", Kind.VIRTUAL, 60)
def _anyio_on_asyncio() -> None:
    _anyio("asyncio")


@_row(TRIO, "anyio on trio", Kind.VIRTUAL, 60)
def _anyio_on_trio() -> None:
    _anyio("trio")


# -- the system -------------------------------------------------------------------------------------

SYSTEM: Final = "Descriptors, sockets and signals"


@contextlib.contextmanager
def _silent() -> Iterator[tuple[str, int]]:
    """Yield the address of a server that never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()


def _rewind(seconds: float) -> None:
    """Hide so many seconds of the frozen clock from the check of this row."""
    global _hidden  # noqa: PLW0603 - one program, one row at a time
    _hidden += seconds


_hidden = 0.0


@_row(SYSTEM, "`select.select(…, s)`, `poll`, `epoll`, `selectors`", Kind.REAL)
def _selectors() -> None:
    one, other = socket.socketpair()
    with one, other, selectors.DefaultSelector() as selector:
        assert select.select([one], [], [], SHORT) == ([], [], [])
        selector.register(one, selectors.EVENT_READ)
        assert selector.select(SHORT) == []


@_row(SYSTEM, "`socket.settimeout(s)` and every socket call", Kind.REAL)
def _sockets() -> None:
    with _silent() as address, socket.create_connection(address) as connection:
        connection.settimeout(SHORT)
        with _raises(TimeoutError):
            connection.recv(1)


@_row(SYSTEM, "`socketserver.BaseServer.handle_request()` with `timeout`", Kind.REAL)
def _socketserver() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        server.timeout = SHORT
        server.handle_request()


@_row(SYSTEM, "`while time.monotonic() < deadline: select.select(…, 0.1)`", Kind.REFUSED)
def _polling_a_descriptor() -> None:
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        select.select([], [], [], 0.005)


@_row(SYSTEM, "`signal.setitimer(…)`, `signal.alarm(…)`, `signal.sigtimedwait(…, s)`", Kind.REAL)
def _signals() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _frame: came.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, SHORT)
        signal.pause()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert came == [signal.SIGALRM]
    assert signal.sigtimedwait([signal.SIGUSR1], SHORT) is None


@_row(SYSTEM, "`sched.scheduler()`: its default clock and sleep", Kind.REAL)
def _scheduler() -> None:
    ran: list[str] = []
    scheduler = sched.scheduler()
    scheduler.enter(SHORT, 1, ran.append, ("job",))
    scheduler.run()
    assert ran == ["job"]


@_row(SYSTEM, "`sched.scheduler(time.monotonic, time.sleep)`", Kind.VIRTUAL, 30)
def _virtual_scheduler() -> None:
    scheduler = sched.scheduler(time.monotonic, time.sleep)
    scheduler.enter(30, 1, lambda: None)
    scheduler.run()


# -- processes --------------------------------------------------------------------------------------

PROCESSES: Final = "Processes"


@_row(PROCESSES, "`subprocess.run(…, timeout=s)`, `Popen.wait(s)`, `Popen.communicate(timeout=s)`", Kind.REAL)
def _subprocesses() -> None:
    with _raises(subprocess.TimeoutExpired):
        subprocess.run(["sleep", "30"], timeout=SHORT, check=False)
    with subprocess.Popen(["sleep", "30"]) as child:
        with _raises(subprocess.TimeoutExpired):
            child.wait(SHORT)
        child.kill()


def _child(answers: Any) -> None:
    before = time.monotonic()
    time.sleep(SHORT)
    answers.put((time.time(), time.monotonic() - before))


def _multiprocessing(method: str) -> None:
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    child = context.Process(target=_child, args=(answers,))
    child.start()
    wall, slept = answers.get(timeout=30)
    child.join(30)
    assert child.exitcode == 0
    assert abs(wall - EPOCH) > 1e6, "the child reads real time"
    assert SHORT * 0.9 < slept < 10


@_row(PROCESSES, "`multiprocessing` by fork, `os.fork()`: the child, and waiting for it", Kind.REAL)
def _fork() -> None:
    _multiprocessing("fork")


@_row(PROCESSES, "`multiprocessing` by spawn: the child, and waiting for it", Kind.REAL)
def _spawn() -> None:
    _multiprocessing("spawn")


@_row(
    PROCESSES, "`multiprocessing.Queue.get(timeout=s)`, `Process.join(s)`, `connection.wait(…, s)`", Kind.REAL
)
def _pipes() -> None:
    answers = multiprocessing.get_context("fork").Queue()
    with _raises(queue.Empty):
        answers.get(timeout=SHORT)
    answers.close()


# -- HTTP clients -----------------------------------------------------------------------------------

CLIENTS: Final = "HTTP clients, to a service in another process"


@_row(CLIENTS, "httpx, `timeout=s`", Kind.REAL)
def _httpx() -> None:
    import httpx

    with _silent() as (host, port), _raises(httpx.ReadTimeout):
        httpx.get(f"http://{host}:{port}", timeout=SHORT, trust_env=False)


@_row(CLIENTS, "`httpx.AsyncClient`, `timeout=s`", Kind.FOLLOWS, SHORT)
def _async_httpx() -> None:
    import httpx

    async def main(url: str) -> None:
        async with httpx.AsyncClient(timeout=SHORT, trust_env=False) as client:
            with _raises(httpx.ReadTimeout):
                await client.get(url)

    with _silent() as (host, port):
        began = time.monotonic()
        asyncio.run(main(f"http://{host}:{port}"))
        _rewind(time.monotonic() - began - SHORT)


@_row(CLIENTS, "requests, `timeout=s`", Kind.REAL)
def _requests() -> None:
    import requests

    with _silent() as (host, port), requests.Session() as session:
        session.trust_env = False
        with _raises(requests.ReadTimeout):
            session.get(f"http://{host}:{port}", timeout=SHORT)


@_row(CLIENTS, "urllib3, `timeout=s`", Kind.REAL)
def _urllib3() -> None:
    import urllib3

    with _silent() as (host, port), _raises(urllib3.exceptions.HTTPError):
        urllib3.PoolManager(retries=False).request("GET", f"http://{host}:{port}", timeout=SHORT)


@_row(CLIENTS, "`urllib3.Retry(backoff_factor=…)`, also in requests", Kind.VIRTUAL, 2)
def _back_off() -> None:
    import urllib3

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        retries = urllib3.Retry(connect=2, backoff_factor=1)
        with _raises(urllib3.exceptions.MaxRetryError):
            urllib3.PoolManager(retries=retries).request("GET", f"http://127.0.0.1:{port}")


def main() -> None:
    """Play all rows and print what happened."""
    from tinker_conformance.clocks import clock_polls
    from tinker_conformance.clocks.real_time import RealTime
    from tinker_conformance.downstream.clock import frozen_clock

    vars(clock_polls)["MIN_SECONDS"] = 0.1
    with frozen_clock(EPOCH) as clock:
        for row in ROWS:
            global _hidden
            _hidden, before, real = 0.0, clock.elapsed, RealTime.monotonic()
            problem = ""
            try:
                row.call()
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            happened = {
                "text": row.text,
                "problem": problem,
                "virtual": clock.elapsed - before - _hidden,
                "real": RealTime.monotonic() - real,
            }
            sys.stdout.write(json.dumps(happened) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
