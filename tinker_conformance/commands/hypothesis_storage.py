"""Choose the folder where Hypothesis, which draws generated scripts, stores its files."""

from __future__ import annotations

import os

from tinker_conformance.error_families import UserError
from tinker_conformance.sdk.official.environments import cache_folder

_VARIABLE = "HYPOTHESIS_STORAGE_DIRECTORY"


def keep_hypothesis_out_of_the_working_folder() -> None:
    """Let Hypothesis write below the kit's caches, not to `.hypothesis` in the working folder.

    Call this before Hypothesis is imported. A folder that the user has chosen stays in use.
    """
    try:
        folder = str(cache_folder() / "hypothesis")
    except UserError:
        folder = os.devnull  # no home folder: it can do without
    os.environ.setdefault(_VARIABLE, folder)
