"""A future that stays unresolved until the test resolves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from fake_server.core.errors import ScriptError
from fake_server.engine.futures import SUBMISSION_SECONDS, ScriptedFuture
from fake_server.script.builder import Exhausted, Script, fail
from fake_server.script.steps import Complete, Fail, FailCategory

if TYPE_CHECKING:
    from fake_server.engine.tinker_api import FakeTinker


class UnresolvedFuture:
    """A future whose polls wait until ``resolve`` or ``fail`` is called.

    A poll is held meanwhile, as the service holds it. A client whose read timeout is over polls again, and
    that poll is held in turn.

    Attributes:
        future: The scripted future, for the assertions of the engine.
    """

    def __init__(self, engine: FakeTinker, future: ScriptedFuture) -> None:
        """Wrap a future of an engine whose replies are held."""
        self._engine = engine
        self.future = future
        future.unresolved = True
        self._resolved = False

    @property
    def name(self) -> str:
        """Its name in errors and the journal."""
        return self.future.name

    @property
    def submitted(self) -> bool:
        """Whether a client has submitted it."""
        return self.future.submitted

    def wait_submitted(self, seconds: float = SUBMISSION_SECONDS) -> None:
        """Wait until a client has submitted it, for example before the test cancels its future.

        The SDK submits on a thread of its own. In a coroutine, call
        ``await asyncio.to_thread(future.wait_submitted)``.

        Raises:
            ScriptViolation: No client has submitted it after ``seconds``.
        """
        self._engine.wait_submitted(self.future, seconds=seconds)

    def resolve(
        self,
        result: Mapping[str, object] | Complete | None = None,
        /,
        **fields: object,
    ) -> None:
        """Give the future its result; polls that wait are answered at once.

        Args:
            result: Fields of the result that replace the invented ones, or what ``complete``, ``computed`` or
                ``sampled`` returned.
            fields: Further fields of the result.

        Raises:
            ScriptError: The future has its end already, or a field cannot be JSON.
        """
        match result:
            case Complete() if not fields:
                self._end(lambda: result)
            case Complete():
                raise ScriptError("resolve() got a complete reply and fields; put the fields into the reply")
            case _:
                self._end(lambda: Complete({**(result or {}), **fields}))

    def fail(self, category: FailCategory | str = FailCategory.USER, message: str | None = None) -> None:
        """Let the future fail; polls that wait are answered at once.

        Args:
            category: ``user``, ``server`` or ``unknown``.
            message: The message of the failure.

        Raises:
            ScriptError: The future has its end already, or there is no such category.
        """
        self._end(lambda: fail(category, message))

    def _end(self, made: Callable[[], Complete | Fail]) -> None:
        if self._resolved:
            raise ScriptError(f"future {self.name!r} was resolved before; resolve or fail it once")
        end = made()
        self._resolved = True
        self.future.unresolved = False
        self._engine.replace_script(self.future, Script((end,), Exhausted.REPEAT))
