"""Templates: a scenario that is written once, and made for several kinds of client or operations.

In a scenario file, `for_each` replaces `client` and lists kinds of client or operations. Each item of the
list makes a scenario, whose id ends in the item: `trigger-x` with `for_each: [training]` is
`trigger-x-training`.
"""

from __future__ import annotations

from collections.abc import Mapping

from fake_server.core.operations import Operation
from tinker_conformance.queue_state import ClientKind
from tinker_conformance.scenario.scenario import OPERATIONS_OF

FOR_EACH = "for_each"


def made_for(template: Mapping[str, object], what: ClientKind | Operation) -> dict[str, object]:
    """Return the plain data of the scenario that a template makes for a kind of client or an operation.

    Args:
        template: The plain data of the template.
        what: The kind of client, or the operation that each of its futures submits.
    """
    made = {key: value for key, value in template.items() if key != FOR_EACH}
    made["id"] = f"{template.get('id')}-{what.value.replace('_', '-')}"
    match what:
        case ClientKind():
            made["client"] = what.value
        case Operation():
            made["client"] = next(kind.value for kind, has in OPERATIONS_OF.items() if what in has)
            if isinstance(futures := template.get("futures"), list):
                made["futures"] = [_submitting(what, future) for future in futures]
    return made


def _submitting(operation: Operation, future: object) -> object:
    match future:
        case list():
            return {"operation": operation.value, "steps": future}
        case dict():
            return {**future, "operation": operation.value}
        case _:
            return future
