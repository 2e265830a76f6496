"""Write `docs/reference/requirements.md` from the requirements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tinker_conformance.profile.profile_files import known_profiles, load_profile
from tinker_conformance.requirements import CHAPTERS, REQUIREMENTS, in_chapter
from tinker_conformance.requirements.sources import readable_source

_SEED: Final = (
    ("Phase 1, log_state_change/3", "functions.log_state_change, messages.*, reasons.*, debounce.active"),
    ("Phase 1, should_log?/2", "functions.should_log, debounce.*"),
    ("Phase 1, reason_for_state/2", "functions.reason_for_state, reasons.*"),
    ("Phase 2, SamplingClient observer", "messages.sampling_*, debounce.*, callback.states"),
    ("Phase 3, TrainingClient observer", "messages.training_*, reasons.training"),
    ("Phase 4, observer wiring", "wiring.*, trigger.*"),
    ("Criterion 1, all new tests pass", "none: it is about the SDK's own test files"),
    ("Criterion 2, SamplingClient implements the behaviour", "wiring.sample, wiring.compute_logprobs"),
    ("Criterion 3, TrainingClient implements the behaviour", "wiring.*, training operations"),
    ("Criterion 4, human-readable warnings", "messages.*"),
    ("Criterion 5, debounced by 60 seconds", "debounce.*"),
    ("Criterion 6, the sampling text", "reasons.sampling"),
    ("Criterion 7, the training text", "reasons.training"),
    ("Criterion 8, active is not logged", "debounce.active"),
    ("Criterion 9, clients observe their own futures", "wiring.*"),
    ("Criterion 10, telemetry stays", "telemetry.beside_the_line"),
    ("Criterion 11, nothing else breaks", "custom_observer.replaces_client"),
)  # fmt: skip


def document() -> str:
    """Return the page about all requirements, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    profiles = {name: load_profile(name) for name in known_profiles()}
    yield "# Requirements"
    yield ""
    yield f"Generated from the code; {len(REQUIREMENTS)} requirements in {len(CHAPTERS)} chapters."
    yield "*contract*: users rely on it. *quirk*: an accident of the official SDK, counted by `--strict`."
    yield "*since*: the version of this kit that first asked the requirement. *source*: where it is from;"
    yield "the official SDK is `tinker`, *measured* means seen in runs of these releases, and text in quotes"
    yield "is a heading of the specification of Tinkex. *profiles*: the revisions of `tinker` it holds for."
    yield "*scenarios*: the scripts that the SDK is run with. *needs*: what the SDK must claim to have, or"
    yield "the requirement is not asked."
    for chapter in CHAPTERS:
        yield ""
        yield f"## {chapter}"
        for required in in_chapter(chapter):
            held = [name for name, profile in profiles.items() if required.holds(profile)]
            yield ""
            yield f"### `{required.id}`"
            yield ""
            yield required.sentence
            yield ""
            yield f"- level: {required.level.value}; since kit {required.since}"
            yield f"- source: {readable_source(required.source)}"
            yield f"- profiles: {'all' if len(held) == len(profiles) else ', '.join(held)}"
            which = "the first that shows it of " if required.alternatives else ""
            yield f"- scenarios: {which}{', '.join(required.scenarios)}"
            if required.needs:
                yield f"- needs: {', '.join(sorted(need.value for need in required.needs))}"
    yield ""
    yield "## The specification of Tinkex, traced"
    yield ""
    yield "| phase or success criterion | requirements |"
    yield "|---|---|"
    for what, ids in _SEED:
        yield f"| {what} | {ids} |"


if __name__ == "__main__":
    print(document(), end="")  # noqa: T201 - this program prints the page
