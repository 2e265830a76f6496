"""The tests of `tinker-cookbook` that talk to a service, as published, against the simulated service.

They are in the source archive of a release. Each starts a recipe with ``uv run python -m MODULE``; here
``uv`` is a script that starts the interpreter of the cookbook's environment.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tarfile
import time
from pathlib import Path
from typing import Final

from fake_server import FakeTinkerServer, VerifiedTinker
from fake_server.byte_tokenizer import write_tokenizer_cache
from tests.cookbook.data_sets import write_large_data_sets
from tests.cookbook.environments import RELEASES, cookbook_environment, source_archive
from tests.cookbook.running import SEED, RecipeFailed, run_group, variables_of

RELEASE: Final = RELEASES[-1]
TESTS: Final = (
    "tests/recipes/test_recipe_chat_sl.py",
    "tests/recipes/test_recipe_dpo.py",
    "tests/recipes/test_recipe_math_rl.py",
    "tests/recipes/test_recipe_rolling_checkpoints.py",
    "tests/recipes/test_recipe_shorter.py",
)
"""Files of the archive that run; what they check themselves is all that is checked."""
LEFT_OUT: Final = {
    "tests/recipes/test_recipe_forecasting.py": "run: it downloads its data set by its address",
    "tests/recipes/test_recipe_guess_number.py": "run: it passes, and takes two minutes of processor time",
    "tests/recipes/test_recipe_off_policy_reasoning.py": "run: its data set is a download",
    "tests/recipes/test_recipe_on_policy_distillation.py": "run: its data set, deepmath, is a download",
    "tests/recipes/test_recipe_on_policy_multi_teacher.py": "run: its data set, tulu3, is a download",
    "tests/recipes/test_recipe_rlhf_pipeline.py": "run: it passes, and takes two minutes of processor time",
    "tests/recipes/test_recipe_text_arena.py": "run: it needs textarena, whose words are a download",
    "tests/recipes/test_recipe_twenty_questions.py": "run: not at its end after 15 minutes of a busy machine",
    "tests/recipes/test_recipe_vlm_classifier.py": "run: the processor of a vision model is a download",
    "tests/test_inspect_eval.py": "needs the package inspect-ai, which the environment does not have",
    "tests/test_modal_sandbox.py": "talks to another service, Modal",
}
"""The other files of the archive that talk to a service, each with the reason why it does not run."""
MODELS: Final = ("Qwen/Qwen3.5-4B", "Qwen/Qwen3.5-9B", "Qwen/Qwen3.5-9B-Base", "Qwen/Qwen3-8B")
"""The models of these tests, whose tokenizers they load."""
WRITTEN: Final = (Path("/tmp/tinker-smoke-test"), Path("/tmp/tinker-examples"))
"""Where these tests write, whatever the working directory is."""
SECONDS: Final = 1_200.0
"""Time limit of all tests, in real seconds: it bounds a hang."""
_PASSED: Final = re.compile(r"(\d+) passed")
_SHOWN: Final = 4_000
_QUIET: Final = [part for name in ("cacheprovider", "randomly", "xdist") for part in ("-p", f"no:{name}")]
_COMMAND: Final = (sys.executable, "-m", "pytest", "-q", "--tb=short", *_QUIET, *TESTS)


def run_own_tests(folder: Path) -> tuple[int, float]:
    """Run the cookbook's own tests in an empty folder.

    Returns:
        How many passed, and how many real seconds they took.

    Raises:
        RecipeFailed: One failed, they took too long, or the archive has other tests than are known here.
    """
    environment = cookbook_environment(RELEASE)
    with tarfile.open(source_archive(RELEASE)) as archive:
        unpack(archive, folder, "tests/")
    check_all_known(folder)
    write_large_data_sets(folder)
    variables = variables_of(folder, environment)
    del variables["PYTHONPATH"]
    write_tokenizer_cache(folder / "hf", MODELS)
    starter = folder / "bin" / "uv"
    starter.parent.mkdir()
    packages = f'PYTHONPATH="{environment.packages}"'
    # uv run python -m MODULE …
    starter.write_text(f'#!/bin/sh\nshift 2\n{packages} exec "{environment.python}" "$@"\n', encoding="utf-8")
    starter.chmod(0o755)
    variables["PATH"] = f"{starter.parent}{os.pathsep}{os.environ['PATH']}"
    began, new = time.perf_counter(), [path for path in WRITTEN if not path.exists()]
    try:
        with FakeTinkerServer(VerifiedTinker(seed=SEED)) as server:
            variables["TINKER_BASE_URL"] = server.url
            code, output = run_group("tests of the cookbook itself", _COMMAND, folder, variables, SECONDS)
    finally:
        for path in new:
            shutil.rmtree(path, ignore_errors=True)
    passed = _PASSED.search(output)
    if code != 0 or passed is None:
        raise RecipeFailed(f"tests of the cookbook itself failed:\n{output[-_SHOWN:]}")
    return int(passed[1]), time.perf_counter() - began


def check_all_known(folder: Path) -> None:
    """Check that each test of recipes in an unpacked archive is listed here.

    Raises:
        RecipeFailed: One is not, or one that is listed does not exist.
    """
    there = {path.relative_to(folder).as_posix() for path in folder.glob("tests/**/test_*.py")}
    listed = {*TESTS, *LEFT_OUT}
    about_a_service = {path for path in there if path.startswith("tests/recipes/") or path in listed}
    if about_a_service != listed:
        raise RecipeFailed(f"list these in {Path(__file__).name}: {sorted(about_a_service ^ listed)}")


def unpack(archive: tarfile.TarFile, folder: Path, below: str) -> None:
    """Write the Python files of a source archive whose paths begin with ``below``."""
    for member in archive.getmembers():
        _, _, name = member.name.partition("/")
        if name.startswith(below) and member.isfile() and name.endswith(".py"):
            read = archive.extractfile(member)
            assert read is not None
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(read.read())
