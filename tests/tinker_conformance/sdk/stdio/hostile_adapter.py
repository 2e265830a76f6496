"""An adapter that misbehaves as its MODE says, at its start or in the scenario `hostile`.

Usage: `hostile_adapter.py MODE`. Each mode is a function below. In other scenarios the adapter conforms.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4] / "examples/adapter_template/python"))

import adapter
import kit
import sdk

MODES: dict[str, Callable[[dict], None]] = {}
STARTS: dict[str, Callable[[], None]] = {}


def mode(function: Callable[[dict], None]) -> Callable[[dict], None]:
    MODES[function.__name__] = function
    return function


def at_start(function: Callable[[], None]) -> Callable[[], None]:
    STARTS[function.__name__] = function
    return function


def write(data: bytes) -> None:
    sys.stdout.flush()
    left = memoryview(data)
    while left:
        left = left[os.write(1, left) :]


def for_ever() -> None:
    while True:
        time.sleep(60)


def log(run: dict, **more: object) -> dict:
    line = {"type": "log", "id": run["id"], "level": "info", "logger": "x", "message": "y"}
    return {**line, "client": "client", "future": 1, **more}


def tell(message: dict) -> None:
    write(json.dumps(message).encode() + b"\n")


def submit(run: dict) -> None:
    """One submission by hand, so that the scenario has begun."""
    service = sdk.Service(run["base_url"], run["api_key"], sdk.RealClock(), print)
    client = sdk.create_sampling_client(service, "tinker://x/weights/1", "x")
    service.post("asample", {"sampling_session_id": client._name, "seq_id": 0, "num_samples": 1})


def done(run: dict) -> None:
    tell({"type": "outcome", "id": run["id"], "client": "client", "future": 1, "kind": "result"})
    tell({"type": "done", "id": run["id"]})


# -- at the start --------------------------------------------------------------------------------


@at_start
def start_hangs() -> None:
    for_ever()


@at_start
def start_ends() -> None:
    print("no such module: tinker", file=sys.stderr)
    sys.exit(3)


@at_start
def start_is_garbage() -> None:
    write(b"Welcome to my SDK!\n")
    for_ever()


@at_start
def start_has_another_protocol() -> None:
    kit.say("started", **{**adapter.ABOUT, "protocol": 9})
    for_ever()


@at_start
def start_is_done() -> None:
    kit.say("done", id=1)
    for_ever()


@at_start
def start_has_an_unknown_field() -> None:
    kit.say("started", **adapter.ABOUT, license="MIT")
    for_ever()


@at_start
def start_claims_the_unknown() -> None:
    kit.say("started", **{**adapter.ABOUT, "capabilities": ["telepathy"]})
    for_ever()


@at_start
def start_has_no_clock() -> None:
    kit.say("started", **{**adapter.ABOUT, "clocks": ["wall"]})
    for_ever()


@at_start
def start_closes_its_output() -> None:
    os.close(1)
    for_ever()


@at_start
def start_is_a_huge_line() -> None:
    write(b"x" * 3_000_000)
    for_ever()


# -- in the scenario -----------------------------------------------------------------------------


@mode
def hangs(run: dict) -> None:
    for_ever()


@mode
def hangs_in_the_middle(run: dict) -> None:
    submit(run)
    for_ever()


@mode
def ignores_sigterm_and_hangs(run: dict) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for_ever()


@mode
def writes_garbage(run: dict) -> None:
    write(b"DEBUG: about to sample\n")
    for_ever()


@mode
def writes_invalid_utf8(run: dict) -> None:
    write(b'{"type":"log","id":1,"level":"info","logger":"x","message":"\xff\xfe"}\n')
    for_ever()


@mode
def writes_nested_json(run: dict) -> None:
    write(b'{"type":"telemetry","id":1,"name":"x","data":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001 + b"\n")
    for_ever()


@mode
def writes_an_array(run: dict) -> None:
    write(b"[1, 2]\n")
    for_ever()


@mode
def writes_nothing_but_newlines(run: dict) -> None:
    write(b"\n\n\n")
    for_ever()


@mode
def writes_an_unknown_message(run: dict) -> None:
    tell({"type": "progress", "id": run["id"]})
    for_ever()


@mode
def writes_an_unknown_field(run: dict) -> None:
    tell(log(run, loggers="red"))
    for_ever()


@mode
def leaves_a_field_out(run: dict) -> None:
    tell({"type": "outcome", "id": run["id"], "kind": "result"})
    for_ever()


@mode
def writes_another_id(run: dict) -> None:
    tell(log(run, id=run["id"] + 7))
    for_ever()


@mode
def writes_the_last_id_again(run: dict) -> None:
    tell({"type": "done", "id": run["id"] - 1})
    for_ever()


@mode
def starts_again(run: dict) -> None:
    kit.say("started", **adapter.ABOUT)
    for_ever()


@mode
def is_done_at_once(run: dict) -> None:
    tell({"type": "done", "id": run["id"]})


@mode
def has_two_outcomes(run: dict) -> None:
    submit(run)
    tell({"type": "outcome", "id": run["id"], "client": "client", "future": 1, "kind": "result"})
    done(run)


@mode
def is_done_twice(run: dict) -> None:
    submit(run)
    outcome = {"type": "outcome", "id": run["id"], "client": "client", "future": 1, "kind": "result"}
    lines = [outcome, {"type": "done", "id": run["id"]}, {"type": "done", "id": run["id"]}]
    write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))


@mode
def tells_of_another_future(run: dict) -> None:
    tell(log(run, future=2))
    for_ever()


@mode
def tells_of_another_client(run: dict) -> None:
    tell(log(run, client="someone"))
    for_ever()


@mode
def reads_a_clock_of_the_future(run: dict) -> None:
    submit(run)
    tell(log(run, seq=1_000_000))
    for_ever()


@mode
def crashes(run: dict) -> None:
    submit(run)
    print("segmentation fault, in a manner of speaking", file=sys.stderr, flush=True)
    os._exit(7)


@mode
def is_killed(run: dict) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@mode
def crashes_in_the_middle_of_a_line(run: dict) -> None:
    write(b'{"type":"done","i')
    os._exit(0)


@mode
def hangs_in_the_middle_of_a_line(run: dict) -> None:
    write(b'{"type":"done","i')
    for_ever()


@mode
def leaves_a_child_and_ends(run: dict) -> None:
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    os._exit(0)


@mode
def leaves_zombies_and_hangs(run: dict) -> None:
    for _ in range(5):
        subprocess.Popen(["true"], start_new_session=True)
    subprocess.Popen(["sh", "-c", "trap '' TERM HUP; sleep 600 & wait"], start_new_session=True)
    for_ever()


@mode
def closes_its_output(run: dict) -> None:
    os.close(1)
    for_ever()


@mode
def writes_a_huge_line(run: dict) -> None:
    write(b'{"type":"log","message":"' + b"x" * 3_000_000)
    for_ever()


@mode
def writes_a_line_without_end(run: dict) -> None:
    while True:
        write(b"x" * 65_536)


@mode
def logs_without_end(run: dict) -> None:
    submit(run)
    line = json.dumps(log(run)).encode() + b"\n"
    while True:
        write(line * 100)


@mode
def tells_large_data_without_end(run: dict) -> None:
    submit(run)
    event = {"type": "telemetry", "id": run["id"], "name": "x", "data": {"a": "x" * 500_000}}
    while True:
        tell(event)


@mode
def drips(run: dict) -> None:
    submit(run)
    while True:
        tell(log(run))
        time.sleep(0.05)


@mode
def sleeps_for_years(run: dict) -> None:
    submit(run)
    tell({"type": "waiting", "id": run["id"], "client": "client", "future": 1, "until": 10**19})
    for_ever()


@mode
def sleeps_a_moment_without_end(run: dict) -> None:
    submit(run)
    clock = Path(run["clock"]["path"])
    while True:
        now = int(clock.read_text().split()[2])
        tell({"type": "waiting", "id": run["id"], "client": "client", "future": 1, "until": now + 1_000})


@mode
def floods_stderr_and_hangs(run: dict) -> None:
    while True:
        os.write(2, b"noise\n" * 10_000)


@mode
def fails_in_set_up(run: dict) -> None:
    tell({"type": "failed", "id": run["id"], "error": "no session: the key was refused"})


@mode
def talks_after_the_end(run: dict) -> None:
    submit(run)
    done(run)
    tell(log(run))


def main(name: str) -> None:
    if name in STARTS:
        STARTS[name]()
        return
    scenario = None
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "start":
            kit.say("started", **adapter.ABOUT)
        elif message["scenario"] == "hostile":
            MODES[name](message)
        else:
            scenario = kit.Scenario(message, adapter.Driver)
            threading.Thread(target=scenario.run, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1])
