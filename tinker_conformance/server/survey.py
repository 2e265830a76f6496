"""Find out what a server offers, before anything is judged.

The survey requests each known path once: with a GET, or with a body that is not JSON, which no server can
take for work. The statuses 404, 405 and 501 mean that the server does not have the path. Any other status
means that it has.
"""

from __future__ import annotations

from typing import Final

from tinker_conformance.error_families import ServerUnderTestError, UserError
from tinker_conformance.server.dialogue import Dialogue, Line, is_missing
from tinker_conformance.server.exchanges import NoAnswerError
from tinker_conformance.server.features import Feature
from tinker_conformance.server.offer import Offer

NO_JSON: Final = b'{"this is not JSON'
_UNAUTHORIZED: Final = (401, 403)
_MOST_UNANSWERED: Final = 3
"""After this many requests in a row without a reply, the survey gives up."""


def survey(line: Line) -> Offer:
    """Return what a server offers.

    Raises:
        ServerUnderTestError: The server cannot be reached, or does not speak HTTP.
        UserError: The server refuses the API key.
    """
    asking = Dialogue(line)
    missing: dict[Feature, str] = {}
    models: tuple[str, ...] = ()
    is_tinker = False
    unanswered = 0
    for feature in Feature:
        path = feature.path.removeprefix("/api/v1/")
        raw = None if feature.method == "GET" else NO_JSON
        try:
            answer = asking.ask(feature.method, path, raw=raw)
        except NoAnswerError as error:
            unanswered += 1
            if feature is Feature.CLIENT_CONFIG or not error.connected or unanswered == _MOST_UNANSWERED:
                what = f"the server at {line.target.url} does not answer: {error}"
                raise ServerUnderTestError(f"{what}; start it, or check --url") from error
            continue
        unanswered = 0
        is_tinker = is_tinker or (not is_missing(answer) and bool(answer.mapping()))
        if is_missing(answer):
            missing[feature] = f"{feature.method} {feature.path} answers HTTP {answer.status}"
        if feature is Feature.CAPABILITIES:
            if answer.status in _UNAUTHORIZED:
                answer_text = line.target.without_key(str(answer))
                raise UserError(f"the server refuses the API key ({answer_text}); give it with --api-key")
            models = _models(answer.mapping().get("supported_models"))
    return Offer(missing, models, is_tinker)


def _models(listed: object) -> tuple[str, ...]:
    if not isinstance(listed, list):
        return ()
    names = [each.get("model_name") for each in listed if isinstance(each, dict)]
    return tuple(name for name in names if isinstance(name, str))
