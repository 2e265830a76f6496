"""Write `docs/reference/matrix.md` from the matrix of rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tinker_conformance.queue_state import ClientKind
from tinker_conformance.requirements.matrix import MatrixCell, client_cells, operation_cells
from tinker_conformance.scenario.scenario import Scenario


def document(scenarios: Mapping[str, Scenario]) -> str:
    """Return the page with the matrix, in Markdown.

    Args:
        scenarios: All scenarios by id.
    """
    return "\n".join(_lines(scenarios)) + "\n"


def _lines(scenarios: Mapping[str, Scenario]) -> Iterator[str]:
    clients, operations = client_cells(scenarios), operation_cells(scenarios)
    yield "# The matrix of rules"
    yield ""
    yield "Look up here of which kinds of client and of which operations each rule is asked. A cell has the"
    yield "scenarios that ask the rule there, or the reason why none does. A profile that has no observer of"
    yield "the creation of a model is not asked about one. Generated from the code."
    yield ""
    yield "A test fails on an empty cell. In another each rule is broken for one kind of client alone."
    yield ""
    yield "## Rules and kinds of client"
    yield ""
    yield f"{_counted(clients)}."
    yield ""
    yield from _table("rule", tuple(ClientKind), clients)
    yield ""
    yield "A training client that is created from a saved state is no kind of its own. Its load is observed"
    yield "by the new training client, and since 0.38 by the creation of the model; `checkpoints.pause` asks"
    yield "that. Below it has a row beside the operations."
    yield ""
    yield "## Rules that depend on the operation"
    yield ""
    yield f"{_counted(operations)}."
    for rule in dict.fromkeys(cell.rule.name for cell in operations):
        cells = [cell for cell in operations if cell.rule.name == rule]
        yield ""
        yield f"### `{rule}`"
        yield ""
        yield cells[0].rule.sentence
        yield ""
        yield "| operation | requirement | scenarios |"
        yield "|---|---|---|"
        for cell in cells:
            names = dict.fromkeys(required.id for required, _ in cell.asked)
            yield f"| {cell.column!s} | {_code(names)} | {_content(cell)} |"


def _counted(cells: Sequence[MatrixCell]) -> str:
    asked = sum(bool(cell.asked) for cell in cells)
    return f"{len(cells)} cells: {asked} are asked, {len(cells) - asked} have a reason"


def _table(head: str, columns: Sequence[str], cells: Sequence[MatrixCell]) -> Iterator[str]:
    yield f"| {head} | {' | '.join(column.replace('_', ' ') for column in columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for name in dict.fromkeys(cell.rule.name for cell in cells):
        row = [cell for cell in cells if cell.rule.name == name]
        names = " ".join(f"`{required.id}`" for required in row[0].rule.requirements)
        yield f"| {names} | {' | '.join(_content(cell) for cell in row)} |"


def _content(cell: MatrixCell) -> str:
    asked = _code(dict.fromkeys(scenario.id for _, scenario in cell.asked))
    return "; ".join(part for part in (asked, cell.reason) if part)


def _code(names: Mapping[str, None]) -> str:
    return ", ".join(f"`{name}`" for name in names)
