"""Entries of the catalogue: what is shipped, and what a file of the user's may say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tinker_conformance.error_families import UserError
from tinker_conformance.known_failures import known_failures_in
from tinker_conformance.profile import load_profile
from tinker_conformance.sdk.catalogue import catalogue, find_entry, load_entry
from tinker_conformance.sdk.spec import check_spec, package_of

WHOLE = """
name = "my-tinker"
package = "my_tinker_dist"
version = "1.2"
profile = "tinker-0.38"
about = "A fork"
hidden_variables = ["MY_TINKER_"]

[install]
extras = ["client"]
leave_out = ["torch"]
also = ["packaging"]
pins = ["numpy==2.2.6", "pydantic==2.12.5 ; python_version < '3.14'"]

[install.substitutes]
"torch/__init__.py" = "class Tensor: ..."

[names]
root = "my_tinker._core"
types = "my_tinker.types"
service_client = "my_tinker:Service"
observers = ["my_tinker.more:Observer"]
initialise = ["my_tinker", "my_tinker:start"]

[[known_failures]]
requirement = "debounce.boundary"
class = "bug"
reason = "why"
"""
LEAST = 'name = "my-tinker"\nversion = "1.2"\nprofile = "tinker-0.38"\n'


def _written(folder: Path, text: str) -> Path:
    path = folder / "fork.toml"
    path.write_text(text)
    return path


def test_every_shipped_entry_has_a_profile_known_failures_and_a_version_that_can_be_used() -> None:
    assert list(catalogue()) == ["fireworks-ai", "mindlab-toolkit", "twinkle-kit"]
    for name, entry in catalogue().items():
        assert entry.source == f"{name}.toml"
        load_profile(entry.profile)
        known_failures_in(entry.known_failures, entry.source)
        named = package_of(f"package:{name}")
        assert named is not None
        assert (named.entry, named.version, named.is_pinned) == (entry, entry.version, True)


def test_a_file_may_say_everything(tmp_path: Path) -> None:
    entry = load_entry(_written(tmp_path, WHOLE))
    assert entry.package == "my_tinker_dist"
    assert entry.install.leave_out == ("torch",)
    assert entry.names.types_module == "my_tinker.types"
    assert (
        entry.names.training_class == "my_tinker._core.lib.public_interfaces.training_client:TrainingClient"
    )
    assert entry.names.observer_classes[-2:] == (
        "my_tinker._core.lib.queue_state_logger:QueueStateLogger",
        "my_tinker.more:Observer",
    )
    assert entry.known_failures[0]["requirement"] == "debounce.boundary"


def test_three_keys_are_enough(tmp_path: Path) -> None:
    entry = load_entry(_written(tmp_path, LEAST))
    assert entry.package == "my-tinker"
    assert entry.names.service_class == "tinker:ServiceClient"


def test_another_version_is_named_in_the_spec(tmp_path: Path) -> None:
    path = _written(tmp_path, LEAST)
    named = package_of(f"package:{path}==2.0")
    assert named is not None
    assert (named.version, named.is_pinned) == ("2.0", False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the key 'name' is missing; add it"),
        ("name = [", "not valid TOML"),
        (LEAST + "verion = '1'", "unknown key 'verion'; did you mean 'version'?"),
        (LEAST + "zzz = 1", "unknown key 'zzz'; the keys are name, version, profile"),
        (LEAST + "[install]\nleave-out = []", "install: unknown key 'leave-out'; did you mean 'leave_out'?"),
        (LEAST + "[names]\nrot = 'x'", "names: unknown key 'rot'; did you mean 'root'?"),
        (LEAST + "[install]\nextras = 'client'", "install.extras: Expected `array`, got `str`"),
        (LEAST + "[install]\nextras = ['client', 1]", "install.extras[1]: Expected `str`, got `int`"),
        (LEAST.replace("1.2", "latest"), "version: 'latest' is not a version; write one like 1.2.3"),
        (LEAST.replace("my-tinker", "../x"), "name: '../x' is not a name"),
        (
            LEAST.replace("tinker-0.38", "tinker-0.99"),
            "profile: profile tinker-0.99: there is no such profile",
        ),
        (
            LEAST.replace("tinker-0.38", "tinker==0.99"),
            "profile: profile tinker==0.99: '0.99' is not a release",
        ),
        (LEAST.replace("tinker-0.38", "mine.toml"), "profile: profile "),
        (LEAST + "package = '-r x'", "package: '-r x' is not the name of a package"),
        (LEAST + "hidden_variables = ['*']", "hidden_variables: '*' begins no environment variable"),
        (LEAST + "[install]\nextras = ['a b']", "install.extras: 'a b' is not a name"),
        (LEAST + "[install]\nleave_out = ['torch==1']", "install.leave_out: 'torch==1' is not a name"),
        (LEAST + "[install]\npins = ['numpy>=1']", "install.pins: 'numpy>=1' is not exact"),
        (
            LEAST + "[install]\npins = ['-r other.txt']",
            "install.pins: '-r other.txt' is not exact",
        ),
        (LEAST + "[install]\nalso = ['--pre']", "install.also: '--pre' is not a requirement"),
        (LEAST + "[install]\nwheel = 'no.whl'", "is not a file; give a path relative to"),
        (LEAST + "[install.substitutes]\n'../x.py' = ''", "install.substitutes: '../x.py' is not a module"),
        (LEAST + "[install.substitutes]\n'/x.py' = ''", "install.substitutes: '/x.py' is not a module"),
        (LEAST + "[install.substitutes]\n'x.so' = ''", "install.substitutes: 'x.so' is not a module"),
        (LEAST + "[names]\nroot = 'my-sdk'", "names.root: 'my-sdk' is not the name of a module"),
        (LEAST + "[names]\nservice_client = 'my_sdk.Client'", "names.service_client: 'my_sdk.Client' is no"),
        (LEAST + "[names]\ninitialise = ['a b']", "names.initialise: 'a b' is neither a module nor a"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_its_fix(text: str, problem: str, tmp_path: Path) -> None:
    path = _written(tmp_path, text)
    with pytest.raises(UserError, match=re.escape(problem)) as caught:
        load_entry(path)
    assert str(caught.value).startswith(str(path))


def test_a_file_that_cannot_be_read_or_is_too_large_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot be read .*; give the path of a readable file"):
        find_entry(str(tmp_path / "absent.toml"))
    with pytest.raises(UserError, match="is larger than"):
        load_entry(_written(tmp_path, "#" * 1_000_001))


def test_an_unknown_name_gets_the_nearest_and_the_way_to_name_another() -> None:
    with pytest.raises(UserError, match=r"did you mean 'fireworks-ai'\?.*package:PATH\.toml"):
        check_spec("package:firewoks-ai")


@pytest.mark.parametrize(
    "spec", ["package:", "package:fireworks-ai==", "package:fireworks-ai==-r", "package:==1"]
)
def test_a_malformed_spec_lists_the_forms(spec: str) -> None:
    with pytest.raises(UserError, match=r"package:NAME, package:NAME==1\.2\.3 or package:PATH\.toml"):
        check_spec(spec)
