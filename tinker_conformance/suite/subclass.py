"""The suite as a class, for projects that judge their SDK among their own tests.

    class TestMySdk(QueueStateConformance):
        sdk = "python:my_package.conformance:Adapter"
        profile = "tinker-0.5.1"

Each requirement is a method, `test_` and its id with underscores (`test_debounce_boundary`). A subclass that
puts its own in the place of one says why, by `@overrides("the reason")`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final, TypeVar

import pytest

from tinker_conformance.judging.explanation import explain
from tinker_conformance.judging.judge import AdapterLostError, Judge, Verdict
from tinker_conformance.requirements import REQUIREMENTS, Level, Requirement

_F = TypeVar("_F", bound=Callable[..., object])
_REASON: Final = "__conformance_override_reason__"


class OverrideError(TypeError):
    """A subclass replaces a test of the suite without a reason."""


def overrides(reason: str) -> Callable[[_F], _F]:
    """Marks a method that takes the place of a test of the suite.

    Args:
        reason: Why; shown by whoever reads the class.

    Raises:
        OverrideError: The reason is empty.
    """
    if not reason.strip():
        raise OverrideError(
            'an override needs a reason; write @overrides("why the requirement is not asked")'
        )

    def mark(method: _F) -> _F:
        setattr(method, _REASON, reason)
        return method

    return mark


def method_name(identifier: str) -> str:
    """The name of the method that asks a requirement."""
    return "test_" + identifier.replace(".", "_").replace("-", "_")


class QueueStateConformance:
    """All requirements, asked of one SDK.

    Attributes:
        sdk: The SDK's SPEC, as for ``--sdk``.
        profile: What it is judged by, as for ``--profile``; None for what the adapter names.
    """

    __test__ = False
    sdk: ClassVar[str]
    profile: ClassVar[str | None] = None

    def __init_subclass__(cls, **more: object) -> None:
        """Has pytest collect the subclass.

        Raises:
            OverrideError: It replaces a test without a reason.
        """
        super().__init_subclass__(**more)
        for name, member in vars(cls).items():
            if name in _NAMES and not getattr(member, _REASON, None):
                raise OverrideError(
                    f"{cls.__name__}.{name} replaces the requirement {_NAMES[name]!r} without a reason; "
                    f'write @overrides("the reason") above it, or give it another name'
                )
        if "__test__" not in vars(cls):
            cls.__test__ = True


def _asks(required: Requirement) -> Callable[[QueueStateConformance, Judge], None]:
    def ask(_self: QueueStateConformance, fake_tinker_judge: Judge) -> None:
        if not required.holds(fake_tinker_judge.profile):
            pytest.skip(f"no requirement of the profile {fake_tinker_judge.profile.name}")
        try:
            judgement = fake_tinker_judge.judge(required)
        except AdapterLostError as error:
            pytest.fail(str(error), pytrace=False)
        match judgement.verdict:
            case Verdict.PASSED:
                pass
            case Verdict.NOT_CLAIMED:
                pytest.skip(f"not claimed: {judgement.note}")
            case Verdict.FAILED if required.level is Level.QUIRK:
                pytest.xfail(f"quirk: {judgement.mismatches[0] if judgement.mismatches else judgement.note}")
            case _:
                spec, profile = fake_tinker_judge.sdk.spec, fake_tinker_judge.profile.name
                pytest.fail(explain(judgement, spec, profile), pytrace=False)

    ask.__name__ = method_name(required.id)
    ask.__qualname__ = f"QueueStateConformance.{ask.__name__}"
    ask.__doc__ = required.sentence
    return ask


_NAMES: Final = {method_name(required.id): required.id for required in REQUIREMENTS}
for _required in REQUIREMENTS:
    setattr(QueueStateConformance, method_name(_required.id), _asks(_required))
assert len(_NAMES) == len(REQUIREMENTS)  # noqa: S101 - two ids that make one name would hide a requirement
