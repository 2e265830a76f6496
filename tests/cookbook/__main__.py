"""``python -m tests.cookbook [WORD…]``: run the recipes whose names have a word, or all; print a table.

Without words it also runs tests of the cookbook itself, and its tutorials; the words ``own-tests`` and
``tutorials`` run these alone.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from fake_server.core.errors import ScriptViolation
from tests.cookbook.environments import RELEASES, CookbookRelease, cookbook_environment
from tests.cookbook.own_tests import RELEASE, run_own_tests
from tests.cookbook.recipes import RECIPES, Recipe
from tests.cookbook.running import RecipeFailed, RecipeRun, check_tokenizer, differences, run_recipe
from tests.cookbook.tutorials import run_tutorials

OWN_TESTS = "own-tests"
"""The word that runs the cookbook's own tests."""
TUTORIALS = "tutorials"
"""The word that runs its tutorials."""


def main(words: Sequence[str]) -> int:
    """Run recipes, and return the exit code: 0 if each ran to its end with the expected numbers."""
    chosen = [recipe for recipe in RECIPES if not words or any(word in recipe.name for word in words)]
    if not chosen and not {OWN_TESTS, TUTORIALS} & {*words}:
        print(f"no recipe has {' or '.join(words)} in its name", file=sys.stderr)
        return 2
    failures: list[str] = []
    print(f"{'recipe':54} {'what it does':37} {'time':>7} {'server':>7} {'share':>6}")
    for release in RELEASES:
        if any(recipe.release == release.version for recipe in chosen):
            _try_tokenizer(release, failures)
    for recipe in chosen:
        calm = _tried(recipe, failures, disturbed=False)
        if calm is not None and recipe.disturbed:
            disturbed = _tried(recipe, failures, disturbed=True)
            if disturbed is not None:
                lines = differences(calm.metrics, disturbed.metrics)
                failures += [f"{recipe.name}: {line}" for line in lines]
    if not words or OWN_TESTS in words:
        _published("of its own tests passed", run_own_tests, failures)
    if not words or TUTORIALS in words:
        _published("of its tutorials ran to their end", run_tutorials, failures)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(f"{len(chosen)} recipes, {len(failures)} failures")
    return 1 if failures else 0


def _published(what: str, run: Callable[[Path], tuple[int, float]], failures: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="cookbook-") as folder:
        try:
            count, seconds = run(Path(folder))
        except RecipeFailed as error:
            failures.append(str(error))
            return
    print(f"{RELEASE.version}: {count} {what} in {seconds:.0f} s", flush=True)


def _try_tokenizer(release: CookbookRelease, failures: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="cookbook-") as folder:
        try:
            check_tokenizer(cookbook_environment(release), Path(folder))
        except RecipeFailed as error:
            failures.append(f"{release.version}: {error}")


def _tried(recipe: Recipe, failures: list[str], *, disturbed: bool) -> RecipeRun | None:
    (release,) = (each for each in RELEASES if each.version == recipe.release)
    environment = cookbook_environment(release)
    shown = recipe.name + (" with faults" if disturbed else "")
    with tempfile.TemporaryDirectory(prefix="cookbook-") as folder:
        try:
            run = run_recipe(recipe, environment, Path(folder), disturbed=disturbed)
        except (RecipeFailed, ScriptViolation) as error:
            print(f"{shown:54} {recipe.kind:37} failed", flush=True)
            failures.append(f"{shown}: {error}")
            return None
    print(
        f"{shown:54} {recipe.kind:37} {run.seconds:5.1f} s {run.server_seconds:5.2f} s {run.share:6.1%}",
        flush=True,
    )
    return run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
