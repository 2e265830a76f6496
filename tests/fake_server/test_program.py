"""``python -m fake_server``, as a process."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

import fake_server
from fake_server.__main__ import main

ROOT = Path(__file__).parents[2]
WAIT = 10.0


@contextmanager
def program(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fake_server", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate(timeout=WAIT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_the_scripts_of_a_file_until_it_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "scripts.yaml"
    path.write_text(
        "- {operation: sample, name: mine, steps: [{timeout: {queue_state: active}}, {complete: {}}]}"
    )
    with program("--script", str(path)) as (process, started):
        assert started["pid"] == process.pid
        assert started["url"] == f"http://127.0.0.1:{started['port']}"
        with httpx.Client(base_url=str(started["url"]), trust_env=False) as client:
            assert client.post("/api/v1/asample", json={}).json()["request_id"] == "mine"
            polls = [client.post("/api/v1/retrieve_future", json={"request_id": "mine"}) for _ in range(2)]
            assert [reply.status_code for reply in polls] == [408, 200]
            assert client.post("/api/v1/asample", json={}).status_code == 404
        process.send_signal(number)
        out, err = process.communicate(timeout=WAIT)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_completes_what_is_not_scripted_if_asked() -> None:
    with program("--unscripted", "complete") as (_, started):
        reply = httpx.post(f"{started['url']}/api/v1/optim_step", json={"model_id": "m"}, trust_env=False)
    assert reply.json() == {"request_id": "unscripted-1", "model_id": "m"}


def test_with_a_seed_it_is_a_whole_fake_tinker_under_the_rules_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("- {every: 2, operation: sample, paused: {state: paused_capacity, polls: 1}}")
    tokens = []
    for seed in ("7", "7", "8"):
        with (
            program("--seed", seed, "--script", str(path)) as (_, started),
            httpx.Client(base_url=str(started["url"]), trust_env=False) as client,
        ):
            statuses = []
            for _ in range(2):
                body = {"prompt": {"chunks": []}, "sampling_params": {"max_tokens": 9}}
                future = client.post("/api/v1/asample", json=body).json()
                reply = client.post("/api/v1/retrieve_future", json=future)
                statuses.append(reply.status_code)
                if reply.status_code == 200:
                    tokens.append(reply.json()["sequences"][0]["tokens"])
            assert statuses == [200, 408]
    assert tokens[0] == tokens[1] != tokens[2]


def test_it_takes_what_python_can_set(tmp_path: Path) -> None:
    flags = tmp_path / "flags.yaml"
    flags.write_text("parallel_fwdbwd_chunks: false")
    for given in ('{"parallel_fwdbwd_chunks": false}', str(flags)):
        options = ("--seed", "7", "--strict", "--client-config", given, "--limit", "body=1000")
        named = ("--expect-model", "m-1", "--expect-model", "m-2", "--expect-sampler", "s-1")
        with (
            program(*options, *named, "--journal-limit", "5") as (_, started),
            httpx.Client(base_url=f"{started['url']}/api/v1", trust_env=False) as client,
        ):
            config = client.post("/client/config", json={}).json()
            assert config["parallel_fwdbwd_chunks"] is False
            base = {"base_model": "Qwen/Qwen3-8B"}
            assert [client.post("/create_model", json=base).json()["model_id"] for _ in range(2)] == [
                "m-1",
                "m-2",
            ]
            assert client.post("/create_sampling_session", json=base).json()["sampling_session_id"] == "s-1"
            assert client.post("/create_model", json={"base_model": "Qwen/Qwen9"}).status_code == 400
            assert client.post("/create_model", json={"base_model": "x" * 2_000}).status_code == 413


@pytest.mark.parametrize(
    ("options", "started"),
    [
        (("--client-config", "{x"), "--client-config, line 1, column 2: is not valid JSON"),
        (("--client-config", "missing.json"), "missing.json"),
        (("--limit", "bdy=3"), "there is no 'bdy'; did you mean 'body'?"),
        (("--limit", "body=x"), "'x' is not a number"),
        (("--limit", "body=0"), "body is 0; give a whole number from 1"),
        (("--limit", "idle_seconds=-1"), "idle_seconds is -1.0"),
    ],
)
def test_a_setting_that_is_none_ends_it_with_2(options: tuple[str, ...], started: str) -> None:
    ended = run(*options)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert started in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_ends_when_standard_input_closes_if_asked(tmp_path: Path) -> None:
    arguments = ("--exit-with-stdin", "--control", "--clock-file", str(tmp_path / "clock"))
    with program(*arguments) as (process, started):
        headers = {"Authorization": f"Bearer {started['token']}"}
        httpx.post(f"{started['control']}/tests", headers=headers, trust_env=False).raise_for_status()
        assert process.stdin is not None
        process.stdin.write("what is written is ignored\n")
        process.stdin.flush()
        httpx.post(f"{started['control']}/reset", headers=headers, trust_env=False).raise_for_status()
        httpx.post(f"{started['control']}/tests", headers=headers, trust_env=False).raise_for_status()
        out, err = process.communicate(timeout=WAIT)
    assert (process.returncode, out, err) == (0, "", "")
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


def test_it_ends_when_the_program_that_started_it_is_killed() -> None:
    """The parent is killed with SIGKILL, so that none of its code can end the server."""
    starts_it = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-m', 'fake_server', '--exit-with-stdin']\n"
        "server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=sys.stdout)\n"
        "time.sleep(3600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", starts_it], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert parent.stdout is not None
    json.loads(parent.stdout.readline())
    parent.kill()
    # The server holds the other end of the pipe until it has ended.
    assert parent.communicate(timeout=WAIT)[0] == ""


def test_without_the_option_it_outlives_its_standard_input() -> None:
    with program() as (process, started):
        assert process.stdin is not None
        process.stdin.close()
        assert httpx.get(f"{started['url']}/api/v1/healthz", trust_env=False).is_success
        process.stdin = None
        assert process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_waits_for_standard_input(number: signal.Signals) -> None:
    with program("--exit-with-stdin") as (process, _):
        process.send_signal(number)
        assert process.wait(timeout=WAIT) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_standard_input_that_is_closed_already_is_a_usage_error() -> None:
    command = f"exec {sys.executable} -m fake_server --exit-with-stdin <&-"
    ended = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, cwd=ROOT, timeout=WAIT, check=False
    )
    assert ended.returncode == 2
    assert "--exit-with-stdin needs an open standard input" in ended.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fake_server", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=WAIT,
        check=False,
    )


def test_a_mistake_in_a_script_ends_it_with_2(tmp_path: Path) -> None:
    path = tmp_path / "scripts.yaml"
    path.write_text("- {steps: [{complete: {}}, {timout: {}}]}")
    ended = run("--script", str(path))
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"Error: {path}, script 1, step 2: unknown key 'timout'; did you mean 'timeout'?\n"
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--port", "99999"), "'--port': 99999 is not in the range 0<=x<=65535; see fake-tinker --help"),
        (("--seed", "a"), "'a' is not a valid integer; see"),
        (("--script",), "Option '--script' requires an argument; see fake-tinker --help"),
        (("toknizer",), "Did you mean 'tokenizer'?; see"),
        (("tokenizer",), "Missing option '--out'; see fake-tinker tokenizer --help"),
        (("--api-key", ""), "'--api-key': it is empty; give a text, or leave the option out"),
        (("--expect-model", ""), "'--expect-model': it is empty"),
        (("--client-config", "[1]"), "--client-config is a list; give an object of flags"),
        (
            ("--clock-file", "no/such"),
            "no/such: cannot be written (No such file or directory); name",
        ),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(options: tuple[str, ...], expected: str) -> None:
    done = CliRunner().invoke(main, options, prog_name="fake-tinker")
    assert done.exit_code == 2
    assert expected in done.output
    assert (done.output[:7], done.output.count("\n")) == ("Error: ", 1)


def test_an_address_of_the_network_ends_it_with_2_unless_it_is_allowed() -> None:
    ended = run("--host", "0.0.0.0")
    assert ended.returncode == 2
    assert "other machines can reach" in ended.stderr
    assert "--allow-remote" in ended.stderr
    with program("--host", "0.0.0.0", "--allow-remote", "--control") as (_, started):
        url = f"http://127.0.0.1:{started['port']}"
        assert httpx.get(f"{url}/api/v1/healthz", trust_env=False).is_success
        # The control plane still answers only to a loopback name.
        headers = {"Authorization": f"Bearer {started['token']}", "Host": f"fake.example:{started['port']}"}
        assert httpx.post(f"{url}/_control/reset", headers=headers, trust_env=False).status_code == 403


def test_importing_the_package_loads_no_http_library() -> None:
    code = (
        "import sys, fake_server; fake_server.FakeTinker; fake_server.Script; import fake_server.script;"
        "print(sorted({'httpx', 'respx', 'yaml', 'httptools', 'asyncio', 'zstandard'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=WAIT, check=True
    )
    assert done.stdout == "[]\n"


def test_every_public_name_is_where_the_package_says() -> None:
    assert sorted(fake_server.__all__) == sorted(fake_server._HOMES)
    for name in fake_server.__all__:
        assert getattr(fake_server, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        fake_server.nothing  # noqa: B018


def test_it_writes_tokenizers_and_prints_where_a_program_finds_them(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fake_server", "tokenizer", "--out", str(tmp_path), "--model", "a/b"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=WAIT, check=True)
    assert done.stdout == f"HF_HOME={tmp_path}\nHF_HUB_OFFLINE=1\n"
    assert (tmp_path / "hub" / "models--a--b" / "refs" / "main").is_file()


def test_a_rule_without_the_option_that_it_needs_names_file_entry_and_option(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("[{steps: [{complete: {}}]}, {every: 1, paused: {state: active, polls: 1}}]")
    ended = CliRunner().invoke(main, ["--script", str(path)])
    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"Error: {path}, script 2: a rule applies to submissions without a script")
    assert ended.stderr.endswith("start the server with --unscripted complete or --seed N\n")
    assert "Unscripted.COMPLETE" not in ended.stderr


def test_a_misspelt_word_is_a_warning_before_the_server_starts(tmp_path: Path) -> None:
    path = tmp_path / "scripts.yaml"
    path.write_text(
        "[{steps: [{timeout: {queue_stat: active}}]}, {every: 1, paused: {state: active, polls: 1}}]"
    )
    ended = CliRunner().invoke(main, ["--script", str(path)])
    warning, error = ended.stderr.splitlines()
    assert warning.startswith(f"Warning: {path}, script 1, step 1: timeout has the key 'queue_stat'")
    assert error.startswith(f"Error: {path}, script 2")


def test_the_help_shows_the_sentence_of_each_command_whole() -> None:
    shown = CliRunner().invoke(main, ["--help"]).stdout
    assert "tokenizer  Write a tokenizer that needs no download." in shown
    assert "..." not in shown
