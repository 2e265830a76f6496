"""``fake-tinker``, or ``python -m fake_server``: the fake service as a program, for SDKs in any language.

When the program accepts requests, it prints one line of JSON, ``{"url", "port", "pid"}``. The option
``--control`` adds ``control`` and ``token`` to the line, ``--clock-file`` adds ``clock``. SIGINT and SIGTERM
stop the program with exit code 0; with ``--exit-with-stdin`` the end of its standard input does so, too. If a
script or an address is invalid, the program prints an error and exits with code 2. The command ``tokenizer``
starts no server: it writes the files of a tokenizer.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from types import FrameType
from typing import Any

import click

from fake_server.control.clock_file import SteppedClock
from fake_server.control.control_plane import CONTROL, ControlledServer
from fake_server.core.bounded_files import parse_json, parse_yaml, read_text
from fake_server.core.errors import FileError, ScriptError, ServerError, meant
from fake_server.core.plain_data import kind
from fake_server.core.visible_text import visible_lines
from fake_server.engine.journal import DEFAULT_LIMIT
from fake_server.engine.tinker_api import FakeTinker, Unscripted
from fake_server.http.http_limits import Limits
from fake_server.http.http_server import FakeTinkerServer
from fake_server.script.script_yaml import load_entries
from fake_server.service.models import MODELS
from fake_server.service.tokenizer_files import write_tokenizer_cache


class _ServedTinker(FakeTinker):
    """The engine of this program: its errors suggest options of the program, not Python code."""

    how_to_complete = (
        "let submissions without a script complete: start the server with --unscripted complete or --seed N"
    )


class _Program(click.Group):
    """A command whose usage errors are one line on standard error, as those of `tinker-conformance` are."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's own signature
        **extra: Any,
    ) -> Any:
        """Run the command line, and exit; see `click.Command.main`."""
        click_main = super().main
        if not standalone_mode:
            return click_main(args, prog_name, complete_var, standalone_mode, **extra)
        try:
            done: object = click_main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            context = error.ctx if isinstance(error, click.UsageError) else None
            path = "fake-tinker" if context is None else context.command_path
            text = error.format_message().rstrip(".").replace("integer range", "integer")
            click.echo(visible_lines(f"Error: {text}; see {path} --help"), err=True)
            sys.exit(2)
        except click.exceptions.Abort:
            sys.exit(130)
        sys.exit(done if isinstance(done, int) else 0)


def _not_empty(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    if "" in given:
        raise click.BadParameter("it is empty; give a text, or leave the option out")
    return given


@click.group(
    cls=_Program,
    invoke_without_command=True,
    subcommand_metavar="[tokenizer]",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--allow-remote", is_flag=True, help="Allow a host that other machines can reach, as in a container."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Port; 0 chooses a free one."
)
@click.option(
    "--script",
    "scripts",
    type=click.Path(path_type=Path),
    multiple=True,
    help="YAML file with a list of scripts and rules; can be given several times.",
)
@click.option(
    "--unscripted",
    type=click.Choice([choice.value for choice in Unscripted]),
    help="What a submission without a script gets.  [default: complete with --seed, else error]",
)
@click.option(
    "--seed", type=int, help="Simulate the whole service; all numbers and ids are derived from this seed."
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse base models that the capabilities do not list, and samples and passes without an input.",
)
@click.option(
    "--api-key",
    "api_keys",
    multiple=True,
    callback=_not_empty,
    metavar="KEY",
    help="Accept only this key, and answer HTTP 401 to others; can be given several times.",
)
@click.option(
    "--dialect",
    metavar="NAME",
    help="Imitate another server, such as skyrl or tuft. The page Dialects of the docs lists them.",
)
@click.option(
    "--long-polls", is_flag=True, help="Send pending replies of the dialect as late as that server does."
)
@click.option(
    "--client-config",
    metavar="JSON|FILE",
    help="Flags for `client/config` and `client/dynamic_config`: a JSON object, or a JSON or YAML file.",
)
@click.option(
    "--journal-limit",
    type=click.IntRange(0),
    default=DEFAULT_LIMIT,
    show_default=True,
    help="Requests that the journal keeps.",
)
@click.option(
    "--expect-model",
    "models",
    multiple=True,
    callback=_not_empty,
    help="Id of the next model; may be given several times.",
)
@click.option(
    "--expect-sampler",
    "samplers",
    multiple=True,
    callback=_not_empty,
    help="Id of the next sampling session; may be given several times.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=NUMBER",
    help="A limit of the HTTP server, such as idle_seconds=30; may be given several times.",
)
@click.option(
    "--control",
    is_flag=True,
    help="Serve a control plane below /_control; see fake_server.control.control_plane.",
)
@click.option(
    "--clock-file",
    "clock_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write the clock to; scripts and the control plane move that clock.",
)
@click.option(
    "--exit-with-stdin",
    is_flag=True,
    help="Stop when standard input closes, so that a killed test run leaves no server behind.",
)
@click.pass_context
def main(  # noqa: PLR0917 - click passes them by name
    context: click.Context,
    host: str,
    port: int,
    scripts: tuple[Path, ...],
    unscripted: str | None,
    seed: int | None,
    clock_path: Path | None,
    client_config: str | None,
    journal_limit: int,
    models: tuple[str, ...],
    samplers: tuple[str, ...],
    limits: tuple[str, ...],
    api_keys: tuple[str, ...],
    *,
    strict: bool,
    dialect: str | None,
    long_polls: bool,
    allow_remote: bool,
    control: bool,
    exit_with_stdin: bool,
) -> None:
    """Run a fake Tinker service with scripted replies on a loopback socket."""
    if context.invoked_subcommand is not None:
        return
    if exit_with_stdin and sys.stdin is None:
        text = (
            "--exit-with-stdin needs an open standard input; start the program with a pipe as standard input"
        )
        raise click.UsageError(text)
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)

    def make() -> FakeTinker:
        engine = _ServedTinker(
            unscripted=None if unscripted is None else Unscripted(unscripted),
            seed=seed,
            journal_limit=journal_limit,
            client_config=config,
            strict=strict,
            api_keys=api_keys,
            dialect=dialect,
            long_polls=long_polls,
        )
        for model_id in models:
            engine.expect_model(model_id)
        for sampler_id in samplers:
            engine.expect_sampler(sampler_id)
        return engine

    try:
        config = _client_config(client_config)
        bounds = _limits(limits)
        engine = make()
        for path in scripts:
            _add_entries(engine, path)
        clock = None if clock_path is None else _clock(clock_path)
        plane = ControlledServer(engine, make, clock)
        served = plane if control or clock else engine
        server = FakeTinkerServer(served, host, port, allow_remote=allow_remote, limits=bounds)
        server.start()
    except (ScriptError, ServerError, OSError) as error:
        click.echo(visible_lines(f"Error: {error}"), err=True)
        sys.exit(2)
    try:
        started: dict[str, object] = {"url": server.url, "port": server.port, "pid": os.getpid()}
        if control:
            started |= {"control": f"{server.url}{CONTROL}", "token": plane.token}
        if clock is not None:
            started["clock"] = str(clock.path.absolute())
        click.echo(json.dumps(started))
        if exit_with_stdin:
            threading.Thread(target=_set_at_end_of_stdin, args=(ended,), daemon=True).start()
        ended.wait()
    finally:
        try:
            server.stop()
        finally:
            plane.close()


def _add_entries(engine: FakeTinker, path: Path) -> None:
    """Add the entries of a script file.

    Raises:
        ScriptError: The file is invalid, or the engine cannot take an entry; the message names both.
    """
    for number, entry in enumerate(load_entries(path, _warn), 1):
        try:
            engine.add_entry(entry)
        except ScriptError as error:
            raise ScriptError(f"{path}, script {number}: {error}") from None


def _warn(text: str) -> None:
    click.echo(visible_lines(f"Warning: {text}"), err=True)


def _clock(path: Path) -> SteppedClock:
    """Return the clocks that show their time in a file, after writing the file.

    Raises:
        ScriptError: The file cannot be written.
    """
    try:
        return SteppedClock(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise ScriptError(
            f"--clock-file {path}: cannot be written ({why}); name a file in a folder that exists"
        ) from None


def _client_config(given: str | None) -> Mapping[str, object]:
    """Return the fields of the client configuration that the option ``--client-config`` gives.

    Raises:
        ScriptError: The value is neither a JSON object nor a file that contains one.
    """
    if given is None:
        return {}
    if given.lstrip().startswith(("{", "[")):
        try:
            flags = parse_json(given)
        except FileError as error:
            raise ScriptError(error.of("--client-config")) from None
    else:
        try:
            flags = parse_yaml(read_text(given))
        except FileError as error:
            raise ScriptError(error.of(given)) from None
    if not isinstance(flags, Mapping):
        raise ScriptError(f"--client-config is {kind(flags)}; give an object of flags")
    return flags


def _limits(given: tuple[str, ...]) -> Limits:
    """Return the limits of the HTTP server that the options ``--limit`` give.

    Raises:
        ScriptError: There is no such limit, or its value is not a number of the right kind.
    """
    known = [field.name for field in fields(Limits)]
    values: dict[str, float] = {}
    for each in given:
        name, _, text = each.partition("=")
        if name not in known:
            raise ScriptError(f"--limit {each!r}: there is no {name!r}{meant(name, known)}; give NAME=NUMBER")
        try:
            values[name] = float(text) if name.endswith("_seconds") else int(text)
        except ValueError:
            raise ScriptError(f"--limit {each!r}: {text!r} is not a number; give NAME=NUMBER") from None
    try:
        return replace(Limits(), **values)  # type: ignore[arg-type] # checked by the class itself
    except ValueError as error:
        raise ScriptError(f"--limit: {error}") from None


@main.command("tokenizer")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="DIR",
    help="Cache folder to write to, which becomes HF_HOME; other models in it stay.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=MODELS,
    show_default=True,
    metavar="NAME",
    help="Base model that gets the tokenizer; can be given several times.",
)
def write_tokenizers(out: Path, models: tuple[str, ...]) -> None:
    """Write a tokenizer that needs no download.

    The command prints the environment variables for your program. One byte is one token. The official SDK
    and tinker-cookbook then find it by the name of the base model.

    Start your program as: env $(fake-tinker tokenizer --out DIR) python train.py
    """
    try:
        environment = write_tokenizer_cache(out, models)
    except (ScriptError, OSError) as error:
        click.echo(visible_lines(f"Error: {error}"), err=True)
        sys.exit(2)
    for name, value in environment.items():
        click.echo(f"{name}={value}")


def _set_at_end_of_stdin(ended: threading.Event) -> None:
    """Read standard input to its end, ignore the content, and then set an event."""
    descriptor = sys.stdin.fileno()
    # Not through `sys.stdin`: a thread blocked in its buffer would keep the interpreter from exiting.
    with contextlib.suppress(OSError):
        while os.read(descriptor, 65_536):
            pass
    ended.set()


if __name__ == "__main__":
    main(prog_name="python -m fake_server")
