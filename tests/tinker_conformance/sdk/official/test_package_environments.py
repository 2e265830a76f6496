"""Environments of SDKs of the catalogue, made from a folder of tiny wheels: no network.

One test uses the real pip. The others unpack the wheels themselves, because pip takes a second each time.
"""

from __future__ import annotations

import functools
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.tinker_conformance.sdk.official.tiny_wheels import write_wheel
from tinker_conformance.error_families import SdkStartError, UserError
from tinker_conformance.sdk.catalogue import load_entry
from tinker_conformance.sdk.catalogue.catalogue_entry import NamedPackage
from tinker_conformance.sdk.official import environments, pip
from tinker_conformance.sdk.official.environments import LeanEnvironment
from tinker_conformance.sdk.official.package_environments import package_environment

LEAST = 'name = "fork"\nversion = "1.0"\nprofile = "tinker-0.38"\n'


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    requires = ["tinker==0.5.0", "shared>=1", "space-a", 'extra-dep; extra == "client"', "torch>=2"]
    write_wheel(folder, "fork", "1.0", requires=requires)
    write_wheel(folder, "fork", "2.0")
    write_wheel(folder, "tinker", "0.5.0", requires=["own<2", "transformers", "space-b"])
    for version in ("1.0", "1.5", "2.0"):
        write_wheel(folder, "own", version, f"version = {version!r}\n")
    write_wheel(folder, "shared", "1.0", "version = 'shared'\n")
    write_wheel(folder, "extra-dep", "1.0")
    write_wheel(folder, "undeclared", "1.0")
    # Two packages with one folder, as those of a namespace.
    for letter in "ab":
        write_wheel(folder, f"space-{letter}", "1.0", files={f"space/{letter}.py": ""})
    write_wheel(folder, "quarrel", "1.0", requires=["own==2.0", "quarrel-b"])
    write_wheel(folder, "quarrel-b", "1.0", requires=["own==1.0"])
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, wheels: Path) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setattr(environments, "SDK_DEPENDENCIES", ("shared",))
    monkeypatch.setattr(environments, "WORKER_DEPENDENCIES", ())
    monkeypatch.delenv("TINKER_CONFORMANCE_CONSTRAINTS", raising=False)


@pytest.fixture(autouse=True)
def unpacked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, wheels: Path) -> None:
    if "real_pip" not in request.fixturenames:
        monkeypatch.setattr(pip, "install", functools.partial(_unpack, wheels))


@pytest.fixture
def real_pip() -> None:
    """Let pip do the work."""


def _unpack(
    wheels: Path, requirements: list[str], *, target: Path, constraints: Path | None = None, **_: object
) -> None:
    """Do what `pip.install` does without dependencies."""
    pins = [Requirement(line) for line in constraints.read_text().splitlines()] if constraints else []
    for line in requirements:
        path = Path(line)
        if path.suffix != ".whl":
            asked = Requirement(line)
            name = asked.name.replace("-", "_")
            limits = [asked.specifier, *(pin.specifier for pin in pins if pin.name == asked.name)]
            found = sorted(wheels.glob(f"{name}-*.whl"))
            path = [w for w in found if all(each.contains(w.name.split("-")[1]) for each in limits)][-1]
        with zipfile.ZipFile(path) as wheel:
            wheel.extractall(target)


def _made(text: str, folder: Path, cache: Path, version: str | None = None) -> LeanEnvironment:
    path = folder / "fork.toml"
    path.write_text(text)
    entry = load_entry(path)
    package = NamedPackage(entry, version or entry.version)
    return package_environment(package, cache=cache, report=lambda _: None)


def _in_child(environment: LeanEnvironment, code: str) -> str:
    done = subprocess.run(
        [environment.python, "-c", code],
        env=environment.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


NAMES = ("fork", "tinker", "shared", "torch", "transformers", "extra_dep", "undeclared", "pip")
PRESENT = f"import importlib.util as util; print([n for n in {NAMES} if util.find_spec(n)])"


@pytest.mark.slow
def test_it_holds_what_the_package_requires_at_any_depth_without_what_is_left_out(
    tmp_path: Path, cache: Path, real_pip: None
) -> None:
    made = _made(f'{LEAST}[install]\nleave_out = ["torch", "transformers"]\n', tmp_path, cache)
    # torch is there, as the empty module that tinker 0.5.0 needs.
    assert _in_child(made, PRESENT) == "['fork', 'tinker', 'shared', 'torch']"
    versions = "import own, shared, space.a, space.b; print(own.version, shared.version)"
    assert _in_child(made, versions) == "1.5 shared"
    assert not list(made.folder.rglob("shared")), "what is shared is not installed again"


def test_extras_further_packages_pins_and_substitutes_are_those_of_the_entry(
    tmp_path: Path, cache: Path
) -> None:
    install = (
        '[install]\nextras = ["client"]\nleave_out = ["torch", "transformers"]\nalso = ["undeclared"]\n'
        'pins = ["own==1.0"]\n[install.substitutes]\n"transformers/__init__.py" = "here = True"\n'
    )
    made = _made(LEAST + install, tmp_path, cache)
    here = "['fork', 'tinker', 'shared', 'torch', 'transformers', 'extra_dep', 'undeclared']"
    assert _in_child(made, PRESENT) == here
    assert _in_child(made, "import own, transformers; print(own.version, transformers.here)") == "1.0 True"
    again = _made(LEAST + install, tmp_path, cache)
    assert again == made


def test_the_pins_are_for_the_version_of_the_entry_only(tmp_path: Path, cache: Path) -> None:
    made = _made(f'{LEAST}[install]\npins = ["fork==1.0"]\n', tmp_path, cache, "2.0")
    assert made.version == "2.0"


def test_two_packages_that_contradict_each_other_are_named_with_the_pin_to_add(
    tmp_path: Path, cache: Path
) -> None:
    entry = LEAST.replace("fork", "quarrel")
    expected = (
        r"quarrel-b 1\.0 requires own==1\.0, but own 2\.0 was installed.*add the version.*install\.pins"
    )
    with pytest.raises(SdkStartError, match=expected) as caught:
        _made(entry, tmp_path, cache)
    assert caught.value.is_final


def test_an_unknown_version_names_the_nearest(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(requirements: list[str], **_: object) -> None:
        raise pip._failure(requirements, "ERROR: Could not find a version (from versions: 1.0, 2.0)")

    monkeypatch.setattr(pip, "install", install)
    with pytest.raises(UserError, match=r"fork has no release 9\.0 .*nearest are 1\.0, 2\.0"):
        _made(LEAST, tmp_path, cache, "9.0")


def test_a_wheel_of_the_user_is_installed_and_must_be_what_the_entry_says(
    tmp_path: Path, cache: Path
) -> None:
    wheel = write_wheel(tmp_path, "fork", "1.0", "which = 'mine'\n")
    text = f'{LEAST}[install]\nwheel = "{wheel.name}"\n'
    assert _in_child(_made(text, tmp_path, cache), "import fork; print(fork.which)") == "mine"
    write_wheel(tmp_path, "fork", "1.0", "which = 'mine, built again'\n")
    again = _in_child(_made(text, tmp_path, cache), "import fork; print(fork.which)")
    assert again == "mine, built again"
    with pytest.raises(SdkStartError, match=r"is about fork 3\.0, but .* version 1\.0; correct") as caught:
        _made(text.replace('"1.0"', '"3.0"'), tmp_path, cache)
    assert caught.value.is_final


def test_variables_that_change_the_sdk_are_hidden(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORK_URL", "x")
    monkeypatch.setenv("FORKED", "kept")
    text = LEAST + 'hidden_variables = ["FORK_"]\n[install]\nleave_out = ["torch", "transformers"]\n'
    variables = _made(text, tmp_path, cache).environment()
    assert "FORK_URL" not in variables
    assert variables["FORKED"] == "kept"
