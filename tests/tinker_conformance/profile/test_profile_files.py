from pathlib import Path

import msgspec
import pytest

from tinker_conformance.error_families import UserError
from tinker_conformance.profile.profile import Profile
from tinker_conformance.profile.profile_files import (
    index,
    known_profiles,
    load_profile,
    observer_revision,
    polling_revision,
    revisions,
)
from tinker_conformance.profile.releases import NewerThanKnownWarning, known_releases, profile_for

NAMED = (
    "tinker-0.1",
    "tinker-0.5.1",
    "tinker-0.7",
    "tinker-0.10",
    "tinker-0.21",
    "tinker-0.38",
    "tinkex-seed",
)


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_the_seven_named_profiles_load_under_their_names() -> None:
    assert known_profiles() == NAMED
    assert tuple(load_profile(name).name for name in NAMED) == NAMED


@pytest.mark.parametrize("name", NAMED)
def test_a_named_profile_has_the_observer_revision_of_its_name(name: str) -> None:
    assert load_profile(name).observer.revision == name


@pytest.mark.parametrize(("facet", "load"), [("observer", observer_revision), ("polling", polling_revision)])
def test_every_revision_file_decodes_and_names_itself(facet: str, load: object) -> None:
    assert len(revisions(facet)) >= 7
    for revision in revisions(facet):
        assert load(revision).revision == revision  # type: ignore[operator]


def test_a_profile_survives_a_round_trip_through_plain_data() -> None:
    for name in NAMED:
        profile = load_profile(name)
        assert msgspec.convert(msgspec.to_builtins(profile), Profile) == profile


# -- releases -------------------------------------------------------------------------------------------


def test_all_75_published_releases_have_a_profile() -> None:
    assert len(known_releases()) == 75
    for release in known_releases():
        profile = profile_for(release)
        assert load_profile(profile.name) == profile


@pytest.mark.parametrize("facet", ["observer", "polling"])
def test_a_release_lies_in_the_range_that_its_revision_states(facet: str) -> None:
    for release, pair in index().releases.items():
        revision = getattr(profile_for(release), facet)
        assert revision.revision == getattr(pair, facet)
        assert version(revision.since) <= version(release)
        assert not revision.until or version(release) <= version(revision.until)


@pytest.mark.parametrize("facet", ["observer", "polling"])
def test_the_ends_of_a_range_are_published_releases(facet: str) -> None:
    load = observer_revision if facet == "observer" else polling_revision
    for revision in revisions(facet):
        data = load(revision)  # type: ignore[operator]
        assert {data.since, data.until} <= {*known_releases(), "", "seed"}


@pytest.mark.parametrize(
    ("release", "observer", "polling"),
    [
        ("0.1.0", "tinker-0.1", "tinker-0.1"),
        ("0.5.0", "tinker-0.1", "tinker-0.3"),
        ("0.5.1", "tinker-0.5.1", "tinker-0.3"),
        ("0.6.3", "tinker-0.5.1", "tinker-0.6.3"),
        ("0.9.0", "tinker-0.7", "tinker-0.6.3"),
        ("0.16.0", "tinker-0.10", "tinker-0.15"),
        ("0.16.1", "tinker-0.10", "tinker-0.16.1"),
        ("0.20.0", "tinker-0.10", "tinker-0.20"),
        ("0.22.7", "tinker-0.21", "tinker-0.21"),
        ("0.26.2", "tinker-0.21", "tinker-0.26"),
        ("0.27.1", "tinker-0.21", "tinker-0.27.1"),
        ("0.36.0", "tinker-0.21", "tinker-0.36"),
        ("0.38.0", "tinker-0.38", "tinker-0.38"),
    ],
)
def test_a_release_has_an_observer_and_a_polling_revision(release: str, observer: str, polling: str) -> None:
    profile = profile_for(release)
    assert (profile.observer.revision, profile.polling.revision) == (observer, polling)


def test_a_release_newer_than_all_is_taken_for_the_newest_with_a_warning() -> None:
    with pytest.warns(NewerThanKnownWarning, match=r"tinker 0\.39\.0 is newer than 0\.38\.0"):
        assert profile_for("0.39.0") == load_profile("tinker-0.38")


@pytest.mark.parametrize("release", ["0.17.0", "0.0.1", "latest", "", "0.38.0.post"])
def test_a_release_that_was_never_published_is_an_error_that_lists_the_published(release: str) -> None:
    with pytest.raises(UserError, match=r"0\.1\.0, 0\.1\.1, .*0\.38\.0"):
        profile_for(release)


# -- files and their errors -----------------------------------------------------------------------------


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text)
    return file


BASE = 'name = "mine"\nextends = "tinker-0.5.1"\n'


def test_a_file_may_extend_a_profile_and_change_one_field(tmp_path: Path) -> None:
    profile = load_profile(written(tmp_path, BASE + "[observer.training]\ngrace_seconds = 5"))
    base = load_profile("tinker-0.5.1")
    assert profile.name == "mine"
    assert profile.observer.training.grace_seconds == 5
    assert profile.observer.sampling == base.observer.sampling
    assert profile.polling == base.polling


def test_a_file_may_take_keys_away(tmp_path: Path) -> None:
    text = 'name = "mine"\nextends = "tinker-0.10"\nwithout = ["polling.operations.forward"]\n'
    assert "forward" not in load_profile(written(tmp_path, text)).polling.operations


def test_a_file_may_hold_a_whole_profile(tmp_path: Path) -> None:
    base = load_profile("tinker-0.38")
    assert load_profile(written(tmp_path, _toml(msgspec.to_builtins(base)))) == base


def _toml(table: dict[str, object], path: str = "") -> str:
    import json

    plain = [f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict)]
    inner = [_toml(value, f"{path}{key}.") for key, value in table.items() if isinstance(value, dict)]
    return "\n".join([f"[{path[:-1]}]" if path else "", *plain, *inner])


ERRORS = [
    (BASE + "[observer]\nnotify_on_409 = 1", "observer.notify_on_409", "did you mean 'notify_on_408'"),
    (BASE + '[observer]\nnotify_on_408 = "often"', "observer.notify_on_408", "one of truthy_state, never"),
    (BASE + '[observer]\npasses_reason = "yes"', "observer.passes_reason", "write true or false"),
    (
        BASE + '[observer]\nobserved_operations = ["sampel"]',
        "observer.observed_operations",
        "did you mean 'sample'",
    ),
    (
        BASE + "[observer.training]\nreasons = 3",
        "observer.training.reasons",
        "a table with paused_rate_limit",
    ),
    (BASE + "[observer.training]\ngrace_seconds = -1", "observer.training.grace_seconds", "write a number"),
    (
        BASE + '[observer.training]\nmessage = "{who}"',
        "observer.training",
        "use one of {identifier}, {reason}",
    ),
    (BASE + '[observer.training]\nmessage = "{"', "observer.training", "is not a valid template"),
    (
        BASE + '[observer]\nobserved_operations = ["create_model"]',
        "observer",
        "`model_creation` is missing; add it",
    ),
    (BASE + "[observer.model_creation]\n", "observer.model_creation.message", "is missing; write a string"),
    (BASE + '[polling.operations.sampel]\npath = "/"', "polling.operations", "did you mean 'sample'"),
    (
        BASE + '[polling.operations.optim_step]\nresult_format = "xml"',
        "polling.operations.optim_step.result_format",
        "one of json, json_or_protobuf, protobuf",
    ),
    (BASE + "[polling]\nbad_request_budget = 1.5", "polling.bad_request_budget", "write a whole number"),
    (BASE + '[polling]\non_400 = "retry"', "polling.on_400", "poll_again, back_off, budget"),
    (BASE + '[polling.lines]\ntry_again = "{id}"', "polling.lines", "use one of {request_id}"),
    (
        BASE + 'without = ["observer.nothing"]',
        "without",
        "'observer.nothing', which the profile that this",
    ),
    (BASE + "without = 3", "without", "expected an array"),
    ('name = "mine"', "observer", "is missing; write a table with"),
    ('extends = "tinker-0.5.2"\nname = "mine"', "extends", "did you mean 'tinker-0.5.1'"),
    ("extends = 5", "extends", "is not a known profile"),
    ("name = ", "", "is not valid TOML"),
]


@pytest.mark.parametrize(("text", "key", "words"), ERRORS)
def test_an_error_in_a_file_names_file_and_key_and_fix(
    tmp_path: Path, text: str, key: str, words: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UserError) as caught:
        load_profile(file)
    assert str(caught.value).startswith(f"profile {file}{f', {key}' if key else ': '}")
    assert words in str(caught.value)


def test_an_unknown_name_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"did you mean 'tinker-0\.38.*tinkex-seed.*\.toml"):
        load_profile("tinker-0.39")


def test_a_file_that_is_not_there_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file"):
        load_profile(tmp_path / "none.toml")


def test_an_unknown_revision_of_a_facet_is_an_error() -> None:
    with pytest.raises(UserError, match="no polling revision tinker-0.4"):
        load_profile("tinker-0.5.1+tinker-0.4")
