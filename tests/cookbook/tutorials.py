"""The tutorials of `tinker-cookbook`, as published, against the simulated service.

They are notebooks in the source archive of a release. `notebook_program` runs the cells of one.
"""

from __future__ import annotations

import os
import tarfile
import time
from pathlib import Path
from typing import Final

from fake_server import FakeTinkerServer, VerifiedTinker
from fake_server.byte_tokenizer import write_tokenizer_cache
from fake_server.service.tokenizer_files import PINNED
from tests.cookbook.environments import RELEASES, ROOT, cookbook_environment, source_archive
from tests.cookbook.own_tests import MODELS, unpack
from tests.cookbook.running import SEED, RecipeFailed, run_program, variables_of

RELEASE: Final = RELEASES[-1]
TUTORIALS: Final = (
    "101_hello_tinker",
    "102_first_sft",
    "103_async_patterns",
    "201_rendering",
    "202_loss_functions",
    "203_completers",
    "204_evaluations",
    "301_cookbook_abstractions",
    "302_custom_environment",
    "303_sft_with_config",
    "304_rl_with_config",
    "401_sl_hyperparams",
    "402_rl_hyperparams",
    "403_dpo_preferences",
    "404_sequence_extension",
    "405_multi_agent",
    "406_prompt_distillation",
    "503_publish_hub",
)
"""The tutorials that run to their end."""
LEFT_OUT: Final = {
    "104_first_rl": "run: its data set, openai/gsm8k, is a download",
    "407_rlhf_pipeline": "read: three trainings of 1.5 hours in all, by its own words",
    "501_export_hf": "run: it merges into the base model's weights, which are a download",
    "502_lora_adapter": "run: it reads the base model's weights, which are a download",
}
"""The others, each with what happened when it was run, or with what was read in it."""
_LATER: Final = ("Qwen/Qwen3.6-35B-A3B",)


def run_tutorials(folder: Path) -> tuple[int, float]:
    """Run the tutorials in an empty folder, each against a service of its own.

    Returns:
        How many ran, and how many real seconds they took.

    Raises:
        RecipeFailed: One failed or took too long, or the archive has others than are known here.
    """
    environment = cookbook_environment(RELEASE)
    with tarfile.open(source_archive(RELEASE)) as archive:
        unpack(archive, folder, "tutorials/")
    check_all_tutorials_known(folder)
    variables = variables_of(folder, environment)
    variables["PYTHONPATH"] += f"{os.pathsep}{ROOT}"
    write_tokenizer_cache(folder / "hf", (*MODELS, *_LATER, *PINNED))
    began = time.perf_counter()
    for name in TUTORIALS:
        with FakeTinkerServer(VerifiedTinker(seed=SEED)) as server:
            variables["TINKER_BASE_URL"] = server.url
            command = [str(environment.python), "-m", "tests.cookbook.notebook_program"]
            run_program(name, [*command, f"tutorials/{name}.py"], folder, variables)
    return len(TUTORIALS), time.perf_counter() - began


def check_all_tutorials_known(folder: Path) -> None:
    """Check that each tutorial of an unpacked archive is listed here.

    Raises:
        RecipeFailed: One is not, or one that is listed does not exist.
    """
    there = {path.stem for path in (folder / "tutorials").glob("*.py")}
    listed = {*TUTORIALS, *LEFT_OUT}
    if there != listed:
        raise RecipeFailed(f"list these in {Path(__file__).name}: {sorted(there ^ listed)}")
