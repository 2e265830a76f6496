"""The parts of `make cookbook` that need no recipe; the recipes themselves run at night."""

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from fake_server import VerifiedTinker
from tests.cookbook.__main__ import main
from tests.cookbook.environments import DEPENDENCIES, LOCK, RELEASES, ROOT
from tests.cookbook.own_tests import LEFT_OUT, TESTS, check_all_known
from tests.cookbook.recipes import RECIPES, Kind, add_up, answer_half, disturb
from tests.cookbook.running import RecipeFailed, check_metrics, differences, metrics_of, run_group
from tests.cookbook.tutorials import LEFT_OUT as TUTORIALS_LEFT_OUT
from tests.cookbook.tutorials import TUTORIALS, check_all_tutorials_known

NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
async def _(mo, number):
    mo.stop(number != 3)
    print(number)
    return


@app.cell(hide_code=True)
def _():
    import marimo as mo

    number = {number}
    return mo, number
"""
RECIPE = replace(RECIPES[0], metrics=("loss",), steps=2)


def test_each_kind_and_release_has_a_recipe_and_two_are_disturbed() -> None:
    assert {recipe.kind for recipe in RECIPES} == set(Kind)
    assert {recipe.release for recipe in RECIPES} == {release.version for release in RELEASES}
    assert len({recipe.name for recipe in RECIPES}) == len(RECIPES) >= 8
    assert sum(recipe.disturbed for recipe in RECIPES) >= 2
    assert any(recipe.again for recipe in RECIPES)


def test_the_lock_has_what_the_recipes_need_but_torch() -> None:
    locked = LOCK.read_text(encoding="utf-8")
    for name in DEPENDENCIES:
        assert f"\n{name.split('<')[0].split('[')[0]}==" in locked
    assert "\ntorch==" not in locked
    assert "\nnvidia" not in locked


def test_faults_and_answers_are_accepted_by_the_engine() -> None:
    engine = VerifiedTinker(seed=7)
    answer_half(engine)
    disturb(engine)
    assert add_up("What is 4 + 5? 9 What is 20 + 3?") == "23"


def test_durations_are_left_out_and_other_numbers_compared(tmp_path: Path) -> None:
    file = tmp_path / "metrics.jsonl"
    file.write_text(json.dumps({"loss": 2.0, "time/total": 3.5, "batch_time": 1.0}) + "\n")
    assert metrics_of(file) == [{"loss": 2.0}]
    assert differences([{"loss": 2.0}], [{"loss": 2.0}]) == []
    assert differences([{"loss": 2.0}], [{"loss": 2.5, "new": 1}]) == [
        "line 1, loss: 2.0 without faults, 2.5 with them",
        "line 1, new: None without faults, 1 with them",
    ]
    assert differences([{}], []) == ["1 lines of metrics without faults, 0 with them"]


def test_a_recipe_that_stops_early_or_logs_nothing_fails(tmp_path: Path) -> None:
    check_metrics(RECIPE, [{"loss": 2.0}, {"loss": 1.0}, {"other": 1}])
    with pytest.raises(RecipeFailed, match="2 steps were asked for, the metrics have 1"):
        check_metrics(RECIPE, [{"loss": 2.0}, {"other": 1}])
    with pytest.raises(RecipeFailed, match="no line has 'loss'"):
        check_metrics(RECIPE, [{"other": 1}])
    with pytest.raises(RecipeFailed, match="without metrics.jsonl"):
        metrics_of(tmp_path / "metrics.jsonl")


def test_a_word_that_fits_no_recipe_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-recipe"]) == 2
    assert "no recipe has no-such-recipe in its name" in capsys.readouterr().err


def test_each_of_the_cookbook_s_own_tests_runs_or_has_a_reason(tmp_path: Path) -> None:
    assert not {*TESTS} & {*LEFT_OUT}
    for path in (*TESTS, *LEFT_OUT, "tests/weights/test_of_files.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    check_all_known(tmp_path)
    (tmp_path / "tests/recipes/test_recipe_new.py").touch()
    with pytest.raises(RecipeFailed, match="list these in own_tests.py: .*test_recipe_new.py"):
        check_all_known(tmp_path)


def test_each_tutorial_runs_or_has_a_reason(tmp_path: Path) -> None:
    assert not {*TUTORIALS} & {*TUTORIALS_LEFT_OUT}
    (tmp_path / "tutorials").mkdir()
    for name in (*TUTORIALS, *TUTORIALS_LEFT_OUT):
        (tmp_path / "tutorials" / f"{name}.py").touch()
    check_all_tutorials_known(tmp_path)
    (tmp_path / "tutorials" / "601_new.py").touch()
    with pytest.raises(RecipeFailed, match="list these in tutorials.py: .*601_new"):
        check_all_tutorials_known(tmp_path)


def test_cells_run_as_soon_as_their_names_are_known(tmp_path: Path) -> None:
    def output(number: int) -> str:
        notebook = tmp_path / f"notebook_{number}.py"
        notebook.write_text(NOTEBOOK.format(number=number), encoding="utf-8")
        command = [sys.executable, "-m", "tests.cookbook.notebook_program", str(notebook)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr[-200:]

    assert output(3) == "3\n"
    assert output(4).endswith("Stopped: the notebook stopped itself\n")


def test_a_program_that_does_not_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    starts_another = "sleep 60 & echo $! > started; wait"
    with pytest.raises(RecipeFailed, match=r"^it did not end within 0\.2 s$"):
        run_group("it", ["sh", "-c", starts_another], tmp_path, os.environ, 0.2)
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "started").read_text())).wait(timeout=5)
