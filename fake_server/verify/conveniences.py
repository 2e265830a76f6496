"""The most common scripts in one call each: samples with given texts, given losses, a future that waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from numbers import Real

from fake_server.core.errors import ScriptError
from fake_server.core.operations import Operation
from fake_server.engine.futures import ScriptedFuture
from fake_server.engine.tinker_api import FakeTinker
from fake_server.engine.unresolved_future import UnresolvedFuture
from fake_server.script.builder import Exhausted, Script, complete, timeout, wired
from fake_server.script.computed_replies import Sequences, sampled, says
from fake_server.script.rules import every

Texts = Sequences | Mapping[str, Sequences] | Callable[[str], Sequences]


class Conveniences(FakeTinker):
    """An engine with methods for the most common scripts, each in one call."""

    def samples(
        self,
        *replies: Texts,
        logprobs: float | list[float] | None = None,
        stop_reason: str | None = None,
        client: str | None = None,
    ) -> tuple[ScriptedFuture, ...]:
        """Give samples these texts or tokens as their results.

            engine.samples("4", "five")              # the first sample, then the second
            engine.samples({"2+2=": "4"})            # by prompt, for any number of samples
            engine.samples(lambda prompt: prompt[::-1])   # by function, for any number of samples

        Each byte of a text's UTF-8 form is one token; see ``fake_server.byte_tokenizer``.

        Args:
            replies: One reply for each sample, in order: a text, or a list of tokens; or a list of texts or
                token lists, one for each sample that the request asks for. Instead, one mapping from prompts
                to such replies, or one function that returns such a reply from the prompt's text.
            logprobs: The log-probability of every token, or a list with one for each token; None for a
                default.
            stop_reason: The stop reason; None for ``length`` where ``max_tokens`` cuts, else ``stop``.
            client: Only samples of this sampling session; None for any.

        Returns:
            The future of each reply, if they are given in order; empty for a mapping or a function.

        Raises:
            ScriptError: There is no reply, or a mapping or a function is given together with others.
        """
        if not replies:
            raise ScriptError("samples() needs a reply; give a text, tokens, a mapping or a function")
        standing = [reply for reply in replies if callable(reply) or isinstance(reply, Mapping)]
        if standing and len(replies) > 1:
            raise ScriptError("samples() takes one mapping or function alone; call it once for each")
        match replies[0]:
            case Mapping() as by_prompt:
                for prompt, reply in by_prompt.items():
                    rule = every(1, operation=Operation.SAMPLE, client=client, where={"prompt": prompt})
                    self.add_standing_rule(
                        rule.plays(sampled(reply, logprobs=logprobs, stop_reason=stop_reason))
                    )
                return ()
            case reply if callable(reply):
                rule = every(1, operation=Operation.SAMPLE, client=client)
                self.add_standing_rule(rule.plays(sampled(reply, logprobs=logprobs, stop_reason=stop_reason)))
                return ()
        scripts = [
            Script((sampled(reply, logprobs=logprobs, stop_reason=stop_reason),), Exhausted.REPEAT)
            for reply in replies
            if not callable(reply) and not isinstance(reply, Mapping)
        ]
        return tuple(self.add_script(made, operation=Operation.SAMPLE, client=client) for made in scripts)

    def says(
        self,
        words: str | Mapping[str | re.Pattern[str], str] | Callable[[str], str],
        *,
        where: Mapping[str, object] | None = None,
        client: str | None = None,
    ) -> None:
        """Let every sample say these words, and stop as its request asks.

            engine.says("I do not know.")
            engine.says({re.compile("plus"): "9", re.compile("capital"): "Paris"})
            engine.says(answer, where={"seq_id": lambda number: number % 2 == 0})

        If the engine has a seed, the log-probabilities are those of the sampled model.
        ``fake_server.script.says`` has the details.

        Args:
            words: A text; or a mapping to a text from each prompt, or from a pattern in the prompt; or a
                function that returns the text from the prompt's text.
            where: Only samples whose requests meet these conditions; None for any.
            client: Only samples of this sampling session; None for any.

        Raises:
            ScriptError: There are no words, or a mapping comes with a condition on the prompt.
        """
        conditions = {} if where is None else dict(where)
        if isinstance(words, Mapping):
            if not words:
                raise ScriptError("says() needs words; give a text, a mapping or a function")
            if "prompt" in conditions:
                raise ScriptError("says() takes prompts as keys or in where=, not both; leave one out")
            for prompt, text in words.items():
                self._add_words(text, {**conditions, "prompt": prompt}, client)
        else:
            self._add_words(words, conditions, client)

    def _add_words(
        self, words: str | Callable[[str], str], where: Mapping[str, object], client: str | None
    ) -> None:
        rule = every(1, operation=Operation.SAMPLE, client=client, where=where or None)
        self.add_standing_rule(rule.plays(says(words)))

    def losses(self, values: Iterable[float], *, client: str | None = None) -> tuple[ScriptedFuture, ...]:
        """Give the next ``forward_backward`` requests these losses, in order, as the metric ``loss:sum``.

        Args:
            values: The losses.
            client: Only requests of this model; None for any.

        Returns:
            The future of each loss, in order.

        Raises:
            ScriptError: There is no loss, or one is not a number.
        """
        numbers = list(values)
        if not numbers or not all(isinstance(value, Real) for value in numbers):
            raise ScriptError(f"losses() got {values!r}; give numbers, for example [2.0, 1.5]")
        scripts = [
            Script((complete(metrics={"loss:sum": float(value)}),), Exhausted.REPEAT) for value in numbers
        ]
        return tuple(
            self.add_script(made, operation=Operation.FORWARD_BACKWARD, client=client) for made in scripts
        )

    def unresolved(
        self,
        *,
        operation: Operation | str | None = None,
        client: str | None = None,
        name: str | None = None,
        where: Mapping[str, object] | None = None,
    ) -> UnresolvedFuture:
        """Return a future for the next matching submission that stays unresolved until the test ends it.

        Call ``resolve`` or ``fail`` of the returned object to end the future. The arguments are those of
        ``add_script``.
        """
        waiting = wired(timeout(queue_state="active"), hold=True)
        script = Script((waiting,), Exhausted.REPEAT)
        made = self.add_script(script, operation=operation, client=client, name=name, where=where)
        return UnresolvedFuture(self, made)
