"""A future whose polls wait until the test gives the future its result (``VerifiedTinker.unresolved``)."""

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
    """A future that stays unresolved until the test calls ``resolve`` or ``fail``.

    Until then, each poll is held: the reply does not come, as on the real service. If the client's read
    timeout ends such a poll, the client polls again, and that poll is held, too.

    Attributes:
        future: The scripted future, for the assertions of the engine.
    """

    def __init__(self, engine: FakeTinker, future: ScriptedFuture) -> None:
        """Wrap a future whose script holds every reply.

        Args:
            engine: The engine of the future.
            future: The future.
        """
        self._engine = engine
        self.future = future
        future.unresolved = True
        self._resolved = False

    @property
    def name(self) -> str:
        """The future's name in errors and the journal."""
        return self.future.name

    @property
    def submitted(self) -> bool:
        """Whether a client has submitted the future."""
        return self.future.submitted

    def wait_submitted(self, seconds: float = SUBMISSION_SECONDS) -> None:
        """Wait until a client has submitted the future, for example before the test cancels it.

        The SDK submits on a thread of its own. This method blocks; in a coroutine, call ``await
        asyncio.to_thread(future.wait_submitted)``.

        Args:
            seconds: How long to wait, in seconds of the clock that the process sees.

        Raises:
            ScriptViolation: No client has submitted the future in that time.
        """
        self._engine.wait_submitted(self.future, seconds=seconds)

    def resolve(
        self,
        result: Mapping[str, object] | Complete | None = None,
        /,
        **fields: object,
    ) -> None:
        """Give the future its result; polls that are held get it at once.

        Args:
            result: Fields of the result that replace the invented ones, or what ``complete``, ``computed`` or
                ``sampled`` returned; None for no fields.
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
        """Let the future fail; polls that are held get the failure at once.

        Args:
            category: ``user``, ``server`` or ``unknown``.
            message: The message of the failure; None for a default.

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
