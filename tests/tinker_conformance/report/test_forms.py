"""Each form of a report: the page, the matrix, the summary, the badge, and reading one back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from tests.tinker_conformance.report.making import report, result
from tinker_conformance.cli import main
from tinker_conformance.error_families import UserError
from tinker_conformance.judging.judge import Verdict
from tinker_conformance.report.badge import badge
from tinker_conformance.report.changes import Change, changes
from tinker_conformance.report.conclusion import conclude, counted
from tinker_conformance.report.junit import junit
from tinker_conformance.report.markdown import literal, step_summary
from tinker_conformance.report.page import page
from tinker_conformance.report.records import MismatchRecord, Result, encode
from tinker_conformance.report.report_reading import Report, load_report
from tinker_conformance.report.sdk_matrix import markdown_matrix, matrix
from tinker_conformance.requirements import REQUIREMENTS, Level, Requirement, requirement

BOUNDARY = requirement("debounce.boundary")
ACTIVE = requirement("debounce.active")
QUIRK = requirement("parsing.containers_end_the_poll")


def _written(folder: Path, made: Report, name: str = "report.jsonl") -> Path:
    path = folder / name
    records = [made.start, *made.results, *([] if made.end is None else [made.end])]
    path.write_bytes(b"".join(encode(record) + b"\n" for record in records))
    return path


def test_a_report_is_read_back_equal_by_file_or_folder(tmp_path: Path) -> None:
    made = report("sdk", "1", result(BOUNDARY, Verdict.FAILED), result(ACTIVE))
    assert load_report(_written(tmp_path, made)) == made
    assert load_report(tmp_path) == made


def test_a_report_that_was_cut_off_anywhere_is_recognised(tmp_path: Path) -> None:
    made = report("sdk", "1", result(BOUNDARY, Verdict.FAILED), result(ACTIVE))
    raw = _written(tmp_path, made).read_bytes()
    first = raw.index(b"\n") + 1
    last = raw.rindex(b"\n", 0, -1) + 1
    for size in range(first, len(raw) - 1, 97):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(raw[:size])
        loaded = load_report(cut)
        assert loaded.cut_off is not None
        assert loaded.results == made.results[: raw[:size].count(b"\n") - 1]
    assert last > first


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected one start"),
        ("{}\n", "line 1"),
        ('{"record":"end","counts":{},"exit_code":0}\n', "expected one start"),
        ("nonsense\n\n", "line 1"),
    ],
)
def test_what_is_no_report_is_reported(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=expected):
        load_report(path)


def test_a_report_of_another_format_is_reported(tmp_path: Path) -> None:
    path = _written(tmp_path, report("sdk", "1", result(ACTIVE)))
    path.write_text(path.read_text(encoding="utf-8").replace('"format":1', '"format":2'), encoding="utf-8")
    with pytest.raises(UserError, match="format 2, written by kit 0.1.0; this kit reads format 1"):
        load_report(path)
    with pytest.raises(UserError, match="cannot be read"):
        load_report(tmp_path / "none")


def test_the_page_names_the_sdk_the_machine_and_the_time() -> None:
    failed = result(BOUNDARY, Verdict.FAILED)
    due = MismatchRecord(
        scenario=BOUNDARY.scenarios[0],
        at=60.0,
        wanted="a pause line at 60.000 s",
        got="nothing",
        missing=5,
    )
    failed = msgspec.structs.replace(failed, mismatches=(*failed.mismatches, due))
    text = page([report("sdk", "1", failed, result(ACTIVE))])
    part = text[text.index('id="debounce.boundary"') :]
    assert BOUNDARY.sentence in part
    assert "at 59.999 s" in part
    assert "60 s window" in part
    assert part.index("log line, expected") < part.index("log line, actual")
    assert 'class="wrong"' in part
    assert 'class="missing"' in part
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_each_form_for_readers_names_the_document_of_a_source_in_full() -> None:
    assert BOUNDARY.source.startswith("seed, success criterion 5")
    made = report("sdk", "1", result(BOUNDARY, Verdict.FAILED))
    for text in (page([made]), step_summary(made), junit(made)):
        assert "specification of Tinkex, an SDK for Elixir, success criterion 5" in text
        assert "seed, success" not in text


def test_the_window_ends_where_the_next_line_is_due() -> None:
    text = page([report("sdk", "1", result(BOUNDARY, Verdict.FAILED))])
    ticks = [line for line in text.splitlines() if 'class="tick"' in line]
    xs = {line.split(">")[-2].split("<")[0]: float(line.split('x1="')[1].split('"')[0]) for line in ticks}
    bar = next(line for line in text.splitlines() if 'class="bar"' in line)
    begin, width = (float(bar.split(f'{name}="')[1].split('"')[0]) for name in (" x", "width"))
    assert begin == xs["0.000 s"]
    assert begin + width == xs["60.000 s"] > xs["59.999 s"]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(REQUIREMENTS[::4], id="of every fourth requirement", marks=pytest.mark.slow),
        pytest.param(REQUIREMENTS, id="of each requirement", marks=pytest.mark.nightly),
    ],
)
def test_the_page_of_forty_sdks_fails_everywhere_and_stays_below_two_megabytes(
    asked: Sequence[Requirement],
) -> None:
    reports = [
        report(f"sdk-{n}", "1", *(result(r, Verdict.FAILED, f"{n} {'<&>' * 500}") for r in asked))
        for n in range(40)
    ]
    text = page(reports)
    assert len(text.encode()) < 2_000_000
    assert text.count('class="part"') == len(asked)
    assert "<svg" in text
    assert "Left out to limit the size of this page" in text


def test_sdks_with_the_same_evidence_are_shown_once() -> None:
    same = [report(f"sdk-{n}", "1", result(BOUNDARY, Verdict.FAILED)) for n in range(3)]
    other = report("sdk-3", "1", result(BOUNDARY, Verdict.FAILED, "another"))
    text = page([*same, other])
    assert text.count("<svg") == 2
    assert "sdk-0 1, sdk-1 1, sdk-2 1</h4>" in text


def test_the_matrix_distinguishes_not_asked_from_not_judged() -> None:
    whole = report("a", "1", result(BOUNDARY), result(ACTIVE))
    less = report("b", "1", result(BOUNDARY, Verdict.KNOWN_FAILURE))
    cut = Report(whole.start, (result(BOUNDARY, Verdict.ADAPTER_ERROR),))
    (chapter,) = matrix([whole, less, cut])
    signs = {row.id: [cell.sign for cell in row.cells] for row in chapter.rows}
    assert signs == {"debounce.boundary": ["✓", "k", "!"], "debounce.active": ["✓", "", "…"]}
    assert chapter.totals == ((2, 2), (0, 1), (0, 1))
    assert "| `debounce.active` | ✓ |  | … |" in markdown_matrix([whole, less, cut])


def test_a_quirk_that_is_not_shared_is_no_failure_unless_quirks_count() -> None:
    assert QUIRK.level is Level.QUIRK
    made = report("a", "1", result(ACTIVE), result(QUIRK, Verdict.FAILED))
    assert conclude(made).sentence == "a 1 conforms to tinker-0.5.1"
    summary = step_summary(made)
    assert "Quirks that the SDK does not share: 1" in summary
    assert "| quirk not shared | 0 | 1 |" in summary
    assert "| failed |" not in summary
    strict = dataclasses.replace(made, start=msgspec.structs.replace(made.start, strict=True))
    assert "| failed | 0 | 1 |" in step_summary(strict)
    assert json.loads(badge(made))["color"] == "brightgreen"
    assert '<span class="quirk">quirk not shared</span>' in page([made])


@pytest.mark.parametrize(
    ("results", "color"),
    [
        ([result(ACTIVE)], "brightgreen"),
        ([result(ACTIVE), result(BOUNDARY, Verdict.KNOWN_FAILURE)], "yellow"),
        ([result(ACTIVE), result(BOUNDARY, Verdict.FAILED)], "red"),
        ([result(ACTIVE), result(BOUNDARY, Verdict.STALE_KNOWN_FAILURE)], "red"),
    ],
)
def test_the_badge_has_the_form_of_an_endpoint(results: list[Result], color: str) -> None:
    made = json.loads(badge(report("a", "1", *results)))
    assert made.keys() == {"schemaVersion", "label", "message", "color"}
    assert made["schemaVersion"] == 1
    assert made["color"] == color
    stale = "stale known failures, " if results[-1].verdict is Verdict.STALE_KNOWN_FAILURE else ""
    assert made["message"] == f"{stale}1 of {len(results)} hold"


def test_a_report_that_was_cut_off_is_grey_and_counts_what_is_missing() -> None:
    whole = report("a", "1", result(BOUNDARY), result(ACTIVE))
    cut = Report(whole.start, whole.results[:1])
    assert json.loads(badge(cut))["color"] == "lightgrey"
    assert counted(cut) == "1 passed, 1 not judged"


def test_markdown_shows_text_as_it_is() -> None:
    assert literal("a|b\n*c*") == "a\\|b\\\\n\\*c\\*"
    assert literal("tinker-0.38 (a_b): 1.5 s") == "tinker-0.38 (a_b): 1.5 s"
    for text, safe in (
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("_x_ and __y__", r"\_x\_ and \_\_y\_\_"),
        ("<b>", r"\<b\>"),
        ("https://x", r"https\://x"),
        ("&lt;", r"\&lt;"),
        ("[a](b)", r"\[a\](b)"),
    ):
        assert literal(text) == safe
    summary = step_summary(report("a", "1", *(result(r, Verdict.FAILED, "x" * 9000) for r in REQUIREMENTS)))
    assert len(summary.encode()) < 1_000_000
    assert "in the HTML page and in report.jsonl" in summary


@pytest.mark.parametrize(
    ("was", "now", "change"),
    [
        (Verdict.PASSED, Verdict.FAILED, Change.WORSE),
        (Verdict.PASSED, Verdict.NOT_CLAIMED, Change.WORSE),
        (Verdict.NOT_CLAIMED, Verdict.FAILED, Change.WORSE),
        (Verdict.FAILED, Verdict.PASSED, Change.BETTER),
        (Verdict.KNOWN_FAILURE, Verdict.STALE_KNOWN_FAILURE, Change.BETTER),
        (Verdict.FAILED, Verdict.ADAPTER_ERROR, Change.OTHER),
        (None, Verdict.FAILED, Change.ADDED),
        (Verdict.FAILED, None, Change.REMOVED),
    ],
)
def test_changes_are_better_or_worse(was: Verdict | None, now: Verdict | None, change: Change) -> None:
    before, after = (
        report("a", "1", result(ACTIVE), *([] if v is None else [result(BOUNDARY, v)])) for v in (was, now)
    )
    assert [(c.requirement, c.change) for c in changes(before, after)] == [("debounce.boundary", change)]


def test_what_a_cut_off_report_does_not_say_is_worse() -> None:
    whole = report("a", "1", result(BOUNDARY), result(ACTIVE))
    cut = Report(whole.start, whole.results[:1])
    assert [(c.change, c.after) for c in changes(whole, cut)] == [(Change.WORSE, "not judged")]


def test_the_commands_combine_compare_and_show(tmp_path: Path) -> None:
    good = _written(tmp_path, report("sdk", "1", result(BOUNDARY), result(ACTIVE)), "good.jsonl")
    bad = _written(
        tmp_path, report("sdk", "2", result(BOUNDARY, Verdict.FAILED), result(ACTIVE)), "bad.jsonl"
    )
    outs = [tmp_path / f"matrix.{suffix}" for suffix in ("html", "md", "json")]
    arguments = [argument for out in outs for argument in ("--out", str(out))]
    combined = CliRunner().invoke(main, ["report", "combine", str(good), str(bad), *arguments])
    assert combined.exit_code == 0, combined.output
    assert "debounce.boundary" in combined.output
    assert "debounce.active" not in combined.output
    assert [cell["sign"] for cell in json.loads(outs[2].read_text())["matrix"]["debounce"][0]["cells"]] == [
        "✓",
        "✗",
    ]
    worse = CliRunner().invoke(main, ["report", "diff", str(good), str(bad)])
    assert worse.exit_code == 1
    assert "worse: debounce.boundary: passed -> failed" in worse.output
    better = CliRunner().invoke(main, ["report", "diff", str(bad), str(good)])
    assert better.exit_code == 0
    assert "1 better" in better.output
    equal = CliRunner().invoke(main, ["report", "diff", str(bad), str(bad)])
    assert (equal.exit_code, "nothing changed" in equal.output) == (0, True)
    shown = CliRunner().invoke(main, ["report", "html", str(bad), "--out", str(tmp_path / "page.html")])
    assert shown.exit_code == 0
    assert "<svg" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["report", "combine", "none"], "cannot be read"),
        (["report", "diff", "none", "none"], "cannot be read"),
        (["matrix", "--report", "r"], "nothing to judge"),
        (["matrix", "--sdk", "nonsense", "--report", "r"], "write one of reference"),
    ],
)
def test_bad_usage_is_exit_code_2(arguments: list[str], expected: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert expected in " ".join(done.output.replace("│", " ").split())


def test_a_form_that_is_unknown_is_reported(tmp_path: Path) -> None:
    good = _written(tmp_path, report("sdk", "1", result(BOUNDARY)))
    done = CliRunner().invoke(main, ["report", "combine", str(good), "--out", "matrix.pdf"])
    assert done.exit_code == 2
    assert "use .html, .md or .json" in " ".join(done.output.replace("│", " ").split())


@pytest.mark.slow
def test_many_sdks_are_judged_by_one_command(tmp_path: Path) -> None:
    arguments = ["matrix", "--sdk", "reference", "--profile", "tinker-0.1", "--report", str(tmp_path / "m")]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert load_report(tmp_path / "m" / "reference").cut_off is None
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "reference",
        "matrix.html",
        "matrix.md",
        "matrix.json",
    }
