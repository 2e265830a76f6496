"""Lean environments, made by the real pip from a folder of tiny wheels: no network."""

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.tinker_conformance.sdk.official.tiny_wheels import write_wheel
from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.sdk.official import environments, pip
from tinker_conformance.sdk.official.cache import make_once
from tinker_conformance.sdk.official.empty_modules import write_stand_ins
from tinker_conformance.sdk.official.environments import (
    cached_versions,
    lean_environment,
    published_versions,
    worker_import_path,
)
from tinker_conformance.sdk.spec import open_sdk


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("0.6.2", "0.6.3", "0.38.0"):
        source = f"import leandep\n__version__ = {version!r}\n"
        write_wheel(folder, "tinker", version, source, requires=["absent"])
    for version in ("1.0", "2.0"):
        write_wheel(folder, "leandep", version, f"version = {version!r}\n")
    return folder


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def offline(monkeypatch, wheels):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setattr(environments, "SDK_DEPENDENCIES", ("leandep",))
    monkeypatch.setattr(environments, "WORKER_DEPENDENCIES", ())
    monkeypatch.delenv("TINKER_CONFORMANCE_CONSTRAINTS", raising=False)


@pytest.fixture
def no_pip(monkeypatch):
    def fail(*_args, **_kwargs):
        pytest.fail("pip was run")

    monkeypatch.setattr(pip, "run", fail)


def answering(monkeypatch, *, stdout="", stderr="", returncode=0):
    def run(command, **_limits):
        return subprocess.CompletedProcess(command, returncode, stdout, stderr)

    monkeypatch.setattr(pip, "run", run)


def in_child(environment, code):
    done = subprocess.run(
        [environment.python, "-c", code],
        env=environment.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip()


class TestLeanEnvironment:
    def test_a_child_sees_the_release_its_dependencies_and_the_kit_and_nothing_else(self, shared_cache):
        environment = lean_environment("0.6.3", cache=shared_cache)
        code = (
            "import importlib.util as util, tinker, leandep, fake_server, tinker_conformance\n"
            "print(tinker.__version__, [n for n in ('pytest', 'hypothesis', 'pip') if util.find_spec(n)])"
        )
        assert in_child(environment, code) == "0.6.3 []"

    def test_what_is_there_is_used_without_pip(self, shared_cache, request):
        made = lean_environment("0.6.3", cache=shared_cache)
        request.getfixturevalue("no_pip")
        assert lean_environment("0.6.3", cache=shared_cache) == made
        assert "0.6.3" in cached_versions(cache=shared_cache)

    def test_a_deleted_interpreter_is_made_again(self, shared_cache):
        environment = lean_environment("0.6.3", cache=shared_cache)
        environment.python.unlink()
        reported = []
        again = lean_environment("0.6.3", cache=shared_cache, report=reported.append)
        assert in_child(again, "import tinker; print(tinker.__version__)") == "0.6.3"
        assert len(reported) == 1

    def test_a_release_whose_packages_were_deleted_is_installed_again(self, shared_cache):
        environment = lean_environment("0.6.3", cache=shared_cache)
        shutil.rmtree(environment.folder / "packages" / "tinker")
        again = lean_environment("0.6.3", cache=shared_cache)
        assert in_child(again, "import tinker; print(tinker.__version__)") == "0.6.3"

    def test_a_damaged_cache_is_named_with_its_repair(self, shared_cache, monkeypatch):
        monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", str(shared_cache))
        environment = lean_environment("0.6.3")
        broken = environment.folder / "packages" / "tinker" / "__init__.py"
        whole = broken.read_text()
        broken.write_text(whole[:9])
        try:
            with pytest.raises(
                SdkStartError, match="if the cache is damaged, remove .*0.6.3 and .*dependencies"
            ):
                open_sdk("official==0.6.3")
        finally:
            broken.write_text(whole)

    def test_an_unknown_version_names_the_nearest(self, shared_cache):
        text = r"no release 0\.6\.4 .* 0\.6\.3.*; choose one of them"
        with pytest.raises(UserError, match=text):
            lean_environment("0.6.4", cache=shared_cache)

    @pytest.mark.parametrize(
        ("version", "near"),
        [
            ("0.37.0", ["0.36.0", "0.36.1", "0.38.0"]),
            ("0.9.9", ["0.6.3", "0.7.0", "0.10.0"]),
            ("0.0.1", ["0.3.0", "0.6.2", "0.6.3"]),
            ("9.0", ["0.36.0", "0.36.1", "0.38.0"]),
        ],
    )
    def test_the_nearest_are_so_as_versions(self, version, near, tmp_path, monkeypatch):
        published = "0.3.0, 0.6.2, 0.6.3, 0.7.0, 0.10.0, 0.36.0, 0.36.1, 0.38.0"
        error = f"ERROR: Could not find a version that satisfies the requirement (from versions: {published})"
        (tmp_path / environments.environment_root(tmp_path) / "dependencies").mkdir(parents=True)
        answering(monkeypatch, returncode=1, stderr=error)
        with pytest.raises(UserError, match=f"the nearest are {', '.join(near)}; choose"):
            lean_environment(version, cache=tmp_path)

    def test_an_unreachable_registry_offers_the_reference_and_what_is_cached(
        self, shared_cache, monkeypatch, tmp_path
    ):
        lean_environment("0.6.3", cache=shared_cache)
        monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
        with pytest.raises(SdkStartError) as caught:
            lean_environment("0.38.0", cache=shared_cache)
        assert not caught.value.is_final
        assert "--sdk reference" in str(caught.value)
        assert "--sdk official==0.6.3" in str(caught.value)

    @pytest.mark.parametrize("version", ["", "latest", "../0.6.3", "0.6.3; rm", "-r"])
    def test_what_is_no_version_never_reaches_pip(self, version, tmp_path, no_pip):
        with pytest.raises(UserError, match=r"write one like 0\.6\.3"):
            lean_environment(version, cache=tmp_path)

    def test_a_failed_installation_leaves_nothing_that_looks_finished(self, tmp_path, monkeypatch):
        answering(monkeypatch, returncode=1, stderr="ERROR: disk full")
        with pytest.raises(SdkStartError, match="disk full"):
            lean_environment("0.6.3", cache=tmp_path)
        assert not [each for each in tmp_path.rglob("*") if each.name in {"dependencies", "0.6.3"}]

    def test_a_cache_that_cannot_be_written_names_the_variable(self, tmp_path):
        blocked = tmp_path / "file"
        blocked.write_text("")
        with pytest.raises(SdkStartError, match="TINKER_CONFORMANCE_CACHE"):
            lean_environment("0.6.3", cache=blocked)

    def test_the_cache_is_where_the_variable_says(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", str(tmp_path))
        assert worker_import_path().is_relative_to(tmp_path)

    def test_another_list_of_dependencies_has_a_place_of_its_own(self, tmp_path, monkeypatch):
        before = worker_import_path(cache=tmp_path)
        monkeypatch.setattr(environments, "SDK_DEPENDENCIES", ("leandep", "other"))
        assert worker_import_path(cache=tmp_path) != before

    def test_constraints_choose_the_dependencies_and_have_a_place_of_their_own(
        self, shared_cache, tmp_path, monkeypatch
    ):
        newest = lean_environment("0.6.3", cache=shared_cache)
        (tmp_path / "locked.txt").write_text("leandep==1.0\n")
        monkeypatch.setenv("TINKER_CONFORMANCE_CONSTRAINTS", str(tmp_path / "locked.txt"))
        locked = lean_environment("0.6.3", cache=shared_cache)
        code = "import leandep; print(leandep.version)"
        assert [in_child(each, code) for each in (newest, locked)] == ["2.0", "1.0"]

    def test_constraints_that_are_not_there_are_named(self, shared_cache, tmp_path, monkeypatch):
        monkeypatch.setenv("TINKER_CONFORMANCE_CONSTRAINTS", str(tmp_path / "absent.txt"))
        with pytest.raises(SdkStartError, match=r"absent\.txt, which is not a file; correct"):
            lean_environment("0.6.3", cache=shared_cache)

    def test_the_import_path_holds_the_two_packages_only(self, tmp_path):
        path = worker_import_path(cache=tmp_path)
        assert sorted(each.name for each in path.iterdir()) == ["fake_server", "tinker_conformance"]
        assert (path / "fake_server" / "__init__.py").exists()

    def test_a_child_gets_no_keys_proxies_or_python_settings_of_ours(self, monkeypatch, tmp_path):
        for name in (
            "TINKER_API_KEY",
            "PYTHONHOME",
            "PYTHONWARNINGS",
            "https_proxy",
            "HTTP_PROXY",
            "VIRTUAL_ENV",
        ):
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("TINKER_CONFORMANCE_CACHE", "kept")
        lean = environments.LeanEnvironment("0.6.3", tmp_path, tmp_path / "imports")
        variables = lean.environment()
        hidden = (
            "TINKER_API_KEY",
            "PYTHONHOME",
            "PYTHONWARNINGS",
            "https_proxy",
            "HTTP_PROXY",
            "VIRTUAL_ENV",
        )
        assert not set(variables) & set(hidden)
        assert variables["TINKER_CONFORMANCE_CACHE"] == "kept"
        assert variables["PYTHONPATH"] == str(tmp_path / "imports")


class TestPublishedVersions:
    def test_they_are_what_pip_lists(self, monkeypatch, tmp_path):
        listing = "tinker (0.38.0)\nAvailable versions: 0.38.0, 0.36.0, 0.1.0\n"
        answering(monkeypatch, stdout=listing)
        assert published_versions(cache=tmp_path) == ["0.38.0", "0.36.0", "0.1.0"]

    def test_a_pip_that_cannot_list_them_is_an_error_with_an_alternative(self, monkeypatch, tmp_path):
        answering(monkeypatch, returncode=1, stderr="ERROR: No network")
        with pytest.raises(SdkStartError, match=r"No network.*--sdk reference"):
            published_versions(cache=tmp_path)


class TestPip:
    def test_the_cause_that_pip_gives_is_shown(self, monkeypatch, tmp_path):
        with socket.socket() as refusing:  # bound, not listening: a connection to it is refused
            refusing.bind(("127.0.0.1", 0))
            monkeypatch.delenv("PIP_NO_INDEX")
            monkeypatch.delenv("PIP_FIND_LINKS")
            monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{refusing.getsockname()[1]}/simple")
            for ask in (
                lambda: pip.published_versions(cache=tmp_path),
                lambda: pip.install(
                    ["tinker==0.1"], target=tmp_path / "t", cache=tmp_path, dependencies=False
                ),
            ):
                with pytest.raises(SdkStartError, match=r"\((connection.*Connection refused).*\)") as caught:
                    ask()
                assert "object at 0x" not in str(caught.value)

    def test_a_program_that_takes_too_long_is_ended_and_the_limit_named(self):
        with pytest.raises(SdkStartError, match=r"pip install did not finish within 0\.05 s"):
            pip.run([sys.executable, "-c", "import time; time.sleep(60)"],
                    seconds=0.05, what="pip install")  # fmt: skip

    def test_a_program_that_is_missing_is_named(self, tmp_path):
        with pytest.raises(SdkStartError, match="could not be started"):
            pip.run([str(tmp_path / "absent")], seconds=1, what="pip install")

    def test_without_pip_one_is_made_by_venv(self, monkeypatch, tmp_path):
        commands = []

        def run(command, **_limits):
            commands.append(list(command))
            return subprocess.CompletedProcess(command, 0, "Available versions: 0.1.0\n", "")

        monkeypatch.setattr(pip.importlib.util, "find_spec", lambda _name: None)
        monkeypatch.setattr(pip, "run", run)
        assert pip.published_versions(cache=tmp_path) == ["0.1.0"]
        assert commands[0][1:3] == ["-m", "venv"]
        assert commands[1][:3] == [str(pip.python_of(tmp_path / "pip")), "-m", "pip"]

    def test_a_python_that_can_make_no_pip_says_how_to_get_one(self, monkeypatch, tmp_path):
        monkeypatch.setattr(pip.importlib.util, "find_spec", lambda _name: None)
        answering(monkeypatch, returncode=1, stderr="ensurepip is not available")
        with pytest.raises(SdkStartError, match=r"ensurepip is not available.*install pip here"):
            pip.published_versions(cache=tmp_path)


class TestMakeOnce:
    def test_an_interrupted_build_is_cleaned_up_and_made_again(self, tmp_path):
        stale = tmp_path / ".building-thing-1"
        stale.mkdir()
        (stale / "half").write_text("")
        folder = make_once(tmp_path / "thing", lambda place: (place / "whole").touch())
        assert [each.name for each in folder.iterdir()] == ["whole"]
        assert not stale.exists()

    def test_a_build_that_fails_leaves_nothing(self, tmp_path):
        def fail(place):
            (place / "half").touch()
            raise RuntimeError("stopped")

        with pytest.raises(RuntimeError, match="stopped"):
            make_once(tmp_path / "thing", fail)
        assert not [each for each in tmp_path.iterdir() if each.is_dir()]

    def test_what_is_not_complete_is_replaced(self, tmp_path):
        (tmp_path / "thing").mkdir()
        folder = make_once(
            tmp_path / "thing",
            lambda place: (place / "a").touch(),
            complete=lambda each: (each / "a").exists(),
        )
        assert (folder / "a").exists()

    def test_two_at_once_build_once(self, tmp_path):
        built = []
        first_is_in, second_may_look = threading.Event(), threading.Event()

        def build(place: Path):
            built.append(place)
            first_is_in.set()
            assert second_may_look.wait(10)

        threads = [threading.Thread(target=make_once, args=(tmp_path / "thing", build)) for _ in range(2)]
        threads[0].start()
        assert first_is_in.wait(10)
        threads[1].start()
        second_may_look.set()
        for thread in threads:
            thread.join(10)
        assert len(built) == 1

    def test_waiting_has_a_limit_that_the_error_names(self, tmp_path):
        inside, over = threading.Event(), threading.Event()

        def build(_place):
            inside.set()
            assert over.wait(10)

        thread = threading.Thread(target=make_once, args=(tmp_path / "thing", build))
        thread.start()
        assert inside.wait(10)
        try:
            with pytest.raises(SdkStartError, match=r"held .*thing\.lock for 0 s; wait for it"):
                make_once(tmp_path / "thing", build, seconds=0)
        finally:
            over.set()
            thread.join(10)

    def test_a_lock_ends_with_its_process(self, tmp_path):
        code = (
            "import sys, pathlib\n"
            "from tinker_conformance.sdk.official.cache import make_once\n"
            "def build(place):\n"
            "    print('in', flush=True); sys.stdin.read()\n"
            "make_once(pathlib.Path(sys.argv[1]), build)"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "thing")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with child:
            assert child.stdout.readline() == b"in\n"
            child.kill()
        assert make_once(tmp_path / "thing", lambda _place: None, seconds=5).is_dir()


class TestStandIns:
    @pytest.mark.parametrize(
        ("release", "expected"),
        [
            ((0, 1, 0), ["torch"]),
            ((0, 7, 0), ["torch"]),
            ((0, 8, 0), []),
            ((0, 20, 0), []),
            ((0, 21, 0), ["grpc"]),
            ((0, 22, 1), ["grpc"]),
            ((0, 22, 2), []),
            ((0, 38, 0), []),
        ],
    )
    def test_they_are_for_the_releases_that_need_them(self, release, expected, tmp_path):
        write_stand_ins(release, tmp_path)
        assert [each.name for each in tmp_path.iterdir()] == expected

    def test_they_can_be_imported(self, tmp_path):
        write_stand_ins((0, 21, 0), tmp_path)
        code = (
            "import grpc, grpc.aio\n"
            "print(grpc.StatusCode.UNAVAILABLE.name, issubclass(grpc.aio.AioRpcError, grpc.RpcError))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert done.stdout.strip() == "UNAVAILABLE True"
