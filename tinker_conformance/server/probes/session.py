"""Probes about sessions, configuration, capabilities and API keys."""

from __future__ import annotations

from typing import Final

from tinker_conformance.requirements import Level
from tinker_conformance.server.dialogue import not_offered
from tinker_conformance.server.exchanges import NOT_JSON
from tinker_conformance.server.features import Feature
from tinker_conformance.server.probe import Probe, Releases
from tinker_conformance.server.probe_bodies import SDK_VERSION, session_body
from tinker_conformance.server.probing import Probing

_NO_SUCH_KEY: Final = "tml-no-such-key"


def _config(p: Probing) -> None:
    answer = p.post("client/config", {"sdk_version": SDK_VERSION})
    p.expect(
        answer.status == 200 and isinstance(answer.json(), dict), "HTTP 200 with a JSON object", str(answer)
    )


def _dynamic_config(p: Probing) -> None:
    answer = p.post("client/dynamic_config", {"sdk_version": SDK_VERSION})
    p.expect(
        answer.status == 200 and isinstance(answer.json(), dict), "HTTP 200 with a JSON object", str(answer)
    )


def _create(p: Probing) -> None:
    p.bench.made("session", p)


def _two(p: Probing) -> None:
    first, second = p.bench.session(p), p.bench.new_session(p)
    p.expect(first != second, "a session id of its own for each", f"{first!r} twice")


def _new_fields(p: Probing) -> None:
    p.bench.session(p)
    answer = p.post("create_session", session_body(added_by_a_later_release=None))
    p.expect(answer.ok, "a session (HTTP 200)", str(answer))


def _old_version(p: Probing) -> None:
    p.bench.session(p)
    answer = p.post("create_session", session_body(sdk_version="0.0.1"))
    detail = answer.mapping().get("detail")
    refused = 400 <= answer.status < 500 and isinstance(detail, str) and detail != ""
    p.expect(answer.ok or refused, "a session, or a 4xx whose detail is text", str(answer))


def _heartbeat(p: Probing) -> None:
    answer = p.post(
        "session_heartbeat", {"type": "session_heartbeat", "session_id": p.bench.session(p)}, seconds=10
    )
    p.expect(answer.ok and isinstance(answer.json(), dict), "HTTP 200 with a JSON object", str(answer))


def _heartbeat_of_nobody(p: Probing) -> None:
    p.bench.session(p)
    answer = p.post("session_heartbeat", {"type": "session_heartbeat", "session_id": "no-such-session"})
    p.refused(answer)


def _capabilities(p: Probing) -> None:
    answer = p.get("get_server_capabilities")
    listed = answer.mapping().get("supported_models")
    p.require(answer.ok and isinstance(listed, list), "a list supported_models", str(answer))
    for each in listed if isinstance(listed, list) else ():
        named = isinstance(each, dict) and isinstance(each.get("model_name"), str | None)
        p.expect(named, "an object with a model_name that is text", each)


def _asked_model(p: Probing) -> None:
    listed = p.bench.offer.models
    p.expect(p.bench.base_model in listed, f"{p.bench.base_model!r} in supported_models", list(listed))


def _without_a_key(p: Probing) -> None:
    p.bench.session(p)
    _refused_key(p, {})


def _wrong_key(p: Probing) -> None:
    p.bench.session(p)
    if p.post("create_session", session_body(), with_key=False).ok:
        raise not_offered("the server asks for no key")
    _refused_key(p, {"x-api-key": _NO_SUCH_KEY})


def _refused_key(p: Probing, headers: dict[str, str]) -> None:
    answer = p.post("create_session", session_body(), headers=headers, with_key=False)
    if answer.ok:
        raise not_offered("the server takes any key" if headers else "the server asks for no key")
    p.expect(
        answer.status in {401, 403} and answer.json() is not NOT_JSON,
        "HTTP 401 or 403 with a JSON body",
        str(answer),
    )


def _telemetry(p: Probing) -> None:
    body = {"session_id": p.bench.session(p), "events": [], "platform": "test", "sdk_version": SDK_VERSION}
    answer = p.post("telemetry", body)
    p.expect(answer.status < 500, "a status below 500", str(answer))


def _health(p: Probing) -> None:
    answer = p.get("healthz")
    p.expect(answer.ok, "HTTP 200", str(answer))


PROBES: Final = (
    Probe(
        id="session.config",
        sentence="`client/config` is answered with a JSON object, even by a server that has no flags to set.",
        source="tinker 0.18.0 requests it before anything else; see SkyRL #1552 and TuFT #145",
        check=_config,
        releases=Releases("0.18.0"),
    ),
    Probe(
        id="session.dynamic_config",
        sentence="If the server has `client/dynamic_config`, it answers with a JSON object.",
        source=(
            'tinker 0.25.0 requests it after it has opened the session. 0.38.0 reads a 404 as "no flags", '
            "and no other status"
        ),
        check=_dynamic_config,
        needs=frozenset({Feature.DYNAMIC_CONFIG}),
        releases=Releases("0.25.0"),
    ),
    Probe(
        id="session.create",
        sentence="`create_session` answers with a `session_id`.",
        source="tinker 0.3.0 opens a session before it creates a client",
        check=_create,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="session.own_id",
        sentence="Each session has an id of its own.",
        source="tinker 0.3.0 numbers the models and the samplers of each session from the start",
        check=_two,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="session.new_fields",
        sentence="A field of `create_session` that the server does not know is ignored.",
        source="tinker 0.15.0 sends a new field `project_id`, and 0.36.0 a `display_name`; see SkyRL #1779",
        check=_new_fields,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="session.old_version",
        sentence="If the server refuses a version of the SDK, it answers 4xx and explains that in `detail`.",
        source=(
            "The real service answers an old release with 400 and the advice to upgrade; see "
            "tinker-feedback #120"
        ),
        check=_old_version,
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="session.heartbeat",
        sentence="The heartbeat of an open session is answered within 10 s with a JSON object.",
        source=(
            "tinker 0.3.0 sends a heartbeat every 10 s, and warns its user after two minutes without a reply"
        ),
        check=_heartbeat,
        needs=frozenset({Feature.HEARTBEAT}),
        releases=Releases("0.3.0"),
    ),
    Probe(
        id="session.heartbeat_of_nobody",
        sentence="The heartbeat of a session that does not exist is refused.",
        source="tinker 0.27.0 sends no more heartbeats after a reply with status 410",
        check=_heartbeat_of_nobody,
        level=Level.QUIRK,
        needs=frozenset({Feature.HEARTBEAT}),
        releases=Releases("0.27.0"),
    ),
    Probe(
        id="session.capabilities",
        sentence="`get_server_capabilities` lists objects with a `model_name`.",
        source="`ServiceClient.get_server_capabilities` of tinker 0.1.0 reads this list",
        check=_capabilities,
        needs=frozenset({Feature.CAPABILITIES}),
    ),
    Probe(
        id="session.asked_model",
        sentence="The capabilities list the base model that the probes use.",
        source="tinker-cookbook chooses a base model from this list",
        check=_asked_model,
        level=Level.QUIRK,
        needs=frozenset({Feature.CAPABILITIES}),
    ),
    Probe(
        id="session.without_a_key",
        sentence="A server that requires a key answers a request without one with 401 or 403, in JSON.",
        source=(
            "Every release of tinker raises AuthenticationError for a 401; it repeats or misreads other "
            "statuses"
        ),
        check=_without_a_key,
    ),
    Probe(
        id="session.wrong_key",
        sentence="A server that checks keys answers a request with a wrong key with 401 or 403, in JSON.",
        source=(
            "Every release of tinker raises AuthenticationError for a 401; it repeats or misreads other "
            "statuses"
        ),
        check=_wrong_key,
    ),
    Probe(
        id="session.telemetry",
        sentence="Telemetry is never answered with a 5xx.",
        source=(
            "Every release of tinker sends telemetry in the background, and repeats it while the reply is "
            "a 5xx"
        ),
        check=_telemetry,
        level=Level.QUIRK,
        needs=frozenset({Feature.TELEMETRY}),
    ),
    Probe(
        id="session.health",
        sentence="`healthz` answers HTTP 200.",
        source="The method `service.health_check` of tinker 0.1.0 requests it",
        check=_health,
        level=Level.QUIRK,
        needs=frozenset({Feature.HEALTH}),
    ),
)
