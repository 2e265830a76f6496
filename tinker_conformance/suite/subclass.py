"""The suite as a base class, for projects that judge their SDK within their own test suite.

    class TestMySdk(QueueStateConformance):
        sdk = "python:my_package.conformance:Adapter"
        profile = "tinker-0.5.1"

Each requirement is a test method, named `test_` and the id with underscores (`test_debounce_boundary`). A
subclass that replaces such a method states why, with `@overrides("the reason")`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, Protocol, TypeVar

import pytest

from tinker_conformance.error_families import SdkError, UserError
from tinker_conformance.requirements import REQUIREMENTS, Requirement
from tinker_conformance.suite.chapter import RECORDS
from tinker_conformance.suite.conformance_run import ConformanceRun
from tinker_conformance.suite.outlets import fail, skip
from tinker_conformance.suite.pytest_run import end_test, records

_F = TypeVar("_F", bound=Callable[..., object])
_REASON: Final = "__conformance_override_reason__"
_REQUIREMENT: Final = "__conformance_requirement__"


def overrides(reason: str) -> Callable[[_F], _F]:
    """Return a decorator for a method that replaces a test of the suite.

    Args:
        reason: Why the test is replaced, for readers of the class.

    Raises:
        UserError: If the reason is empty.
    """
    if not reason.strip():
        raise UserError('an override needs a reason; write @overrides("why the requirement is not asked")')

    def mark(method: _F) -> _F:
        setattr(method, _REASON, reason)
        return method

    return mark


def method_name(identifier: str) -> str:
    """Return the name of the test method of a requirement."""
    return "test_" + identifier.replace(".", "_").replace("-", "_")


class QueueStateConformance:
    """A test class with one test per requirement, for one SDK.

    Attributes:
        sdk: The SPEC of the SDK, as for ``--sdk``.
        profile: The profile by which the SDK is judged, as for ``--profile``; None for the one that the
            adapter names.
        known_failures: The file of known failures, relative to the folder of the test file; None for the one
            of ``--known-failures``.
        strict: Whether a failed quirk counts as a failure; ``--strict-quirks`` has the same effect.
        as_of: The version of the kit whose requirements are judged; None for the one of ``--as-of``.
    """

    __test__ = False
    sdk: ClassVar[str]
    profile: ClassVar[str | None] = None
    known_failures: ClassVar[str | None] = None
    strict: ClassVar[bool] = False
    as_of: ClassVar[str | None] = None

    def __init_subclass__(cls, **more: object) -> None:
        """Make pytest collect the subclass.

        Raises:
            UserError: If the subclass replaces a test without a reason.
        """
        super().__init_subclass__(**more)
        for name, member in vars(cls).items():
            if name in _NAMES and not getattr(member, _REASON, None):
                raise UserError(
                    f"{cls.__name__}.{name} replaces the requirement {_NAMES[name]!r} without a reason; "
                    f'write @overrides("the reason") above it, or give it another name'
                )
        if "__test__" not in vars(cls):
            cls.__test__ = True


class _Request(Protocol):
    """The part of `pytest.FixtureRequest` that is used here."""

    node: Any
    session: pytest.Session
    cls: type[QueueStateConformance]


def _asks(required: Requirement) -> Callable[[QueueStateConformance, ConformanceRun, _Request], None]:
    def ask(_self: QueueStateConformance, fake_tinker_judge: ConformanceRun, request: _Request) -> None:
        run = fake_tinker_judge
        if required not in run.asked:
            as_of = run.request.as_of
            held = f" at version {as_of}" if as_of else ""
            skip(f"not a requirement of the profile {run.judge.profile.name}{held}")
        try:
            judgement = run.ask(required)
        except SdkError as error:
            fail(str(error))
        selected = [each for each in _selected(request) if each in run.asked]
        subject = f"{request.cls.__module__}.{request.cls.__qualname__}"
        request.node.stash[RECORDS] = records(run, judgement, selected, subject)
        request.node.user_properties += [
            *(("requirement", required.id), ("level", required.level.value)),
            *(("since", required.since), ("verdict", judgement.verdict.value)),
        ]
        end_test(run, judgement)

    ask.__name__ = method_name(required.id)
    ask.__qualname__ = f"QueueStateConformance.{ask.__name__}"
    ask.__doc__ = required.sentence
    setattr(ask, _REQUIREMENT, required)
    return ask


def _selected(request: _Request) -> Iterator[Requirement]:
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.cls is request.cls:
            required = getattr(item.function, _REQUIREMENT, None)
            if isinstance(required, Requirement):
                yield required


_NAMES: Final = {method_name(required.id): required.id for required in REQUIREMENTS}
for _required in REQUIREMENTS:
    setattr(QueueStateConformance, method_name(_required.id), _asks(_required))
assert len(_NAMES) == len(REQUIREMENTS)  # noqa: S101 - two ids with the same method name would hide a requirement
