"""SDKs that send refused requests again at wrong times, or not at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from tinker_conformance.profile.submission_waits import RefusedReply
from tinker_conformance.reference.failures import FutureError
from tinker_conformance.reference.observer import LOGGER_NAME
from tinker_conformance.reference.submission import PendingRequest
from tinker_conformance.sdk.adapter import ScenarioContext
from tinker_conformance.sdk.in_process.reference_adapter import ReferenceAdapter

from .declaration import Chapter
from .patches import WithSubmission
from .shows_in import refused_with, requests_get, scripts_a_submission, scripts_the_setup

SDKS: Final = Chapter()
_logger: Final = logging.getLogger(LOGGER_NAME)

_Reply = Mapping[str, object] | RefusedReply


class _Changed(PendingRequest):
    """The reference's submission, which takes some replies for others."""

    __slots__ = ()

    async def _reply(self, body: Mapping[str, object]) -> _Reply:
        reply = await super()._reply(body)
        return self.changed(reply) if isinstance(reply, RefusedReply) else reply

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        """Return what a refusal is taken for."""
        raise NotImplementedError

    @property
    def is_setup(self) -> bool:
        """Whether it is a request of the set-up."""
        return self.path.endswith(("session", "config"))


class _EndsAt503(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        return RefusedReply(418) if refusal.status == 503 and not self.is_setup else refusal


@SDKS.adapter(
    "gives_up_a_submission_at_503",
    under="tinker-0.5.1",
    caught_by="submissions.sent_again",
    saying="wanted future 4 submitted 4 times to /api/v1/asample, got future 4 submitted 2 times",
    also=(
        "submissions.after_five_minutes",
        "submissions.after_ten_retries",
        "submissions.delays",
        "submissions.retry_after",
        "submissions.same_number",
        "submissions.should_retry",
        "submissions.too_many_requests",
    ),
    shows_in=refused_with(503),
)
class _GivesUpASubmissionAt503(WithSubmission):
    submission = _EndsAt503


class _LosesConflicts(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        return RefusedReply(418) if refusal.status == 409 and not self.is_setup else refusal


@SDKS.adapter(
    "gives_up_a_submission_at_409",
    under="tinker-0.38",
    caught_by="submissions.sent_again",
    saying="wanted future 2 submitted 2 times to /api/v1/asample, got future 2 submitted 1 time",
    also=(
        "submissions.same_number",
        "submissions.same_number_of_a_sample",
    ),
    shows_in=refused_with(409),
)
class _GivesUpASubmissionAt409(WithSubmission):
    submission = _LosesConflicts


class _Repeats401(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        return RefusedReply(503) if refusal.status == 401 else refusal


@SDKS.adapter(
    "sends_a_submission_again_after_401",
    under="tinker-0.38",
    caught_by="submissions.refused",
    saying="wanted future 2 to end in 'error', got 'result'",
    shows_in=refused_with(401),
)
class _SendsASubmissionAgainAfter401(WithSubmission):
    submission = _Repeats401


class _RepeatsMalformed(PendingRequest):
    __slots__ = ()

    async def _reply(self, body: Mapping[str, object]) -> _Reply:
        try:
            reply = await super()._reply(body)
        except FutureError:
            return RefusedReply(None)
        return reply or RefusedReply(None)


@SDKS.adapter(
    "sends_a_submission_again_after_a_malformed_reply",
    under="tinker-0.5.1",
    caught_by="submissions.malformed",
    saying="wanted future 1 to end in 'error', got 'result'",
    shows_in=scripts_a_submission,
)
class _SendsASubmissionAgainAfterAMalformedReply(WithSubmission):
    submission = _RepeatsMalformed


class _StaysWhereItIs(PendingRequest):
    __slots__ = ()

    async def _reply(self, body: Mapping[str, object]) -> _Reply:
        send: Any = self.send

        async def unfollowed(url: str, **more: Any) -> Any:
            return await send(url, **{**more, "follow_redirects": False})

        self.send = unfollowed
        try:
            return await super()._reply(body)
        finally:
            self.send = send


@SDKS.adapter(
    "does_not_follow_a_redirected_submission",
    under="tinker-0.5.1",
    caught_by="submissions.redirect",
    saying="wanted future 1 to end in 'result', got 'error'",
    shows_in=requests_get(lambda status: status.startswith("3")),
)
class _DoesNotFollowARedirectedSubmission(WithSubmission):
    submission = _StaysWhereItIs


class _TakesARefusalForAPause(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        if refusal.status == 408 and self.back_off is not None:
            _logger.warning("Sampling is paused for sampler sampler-1. Reason: out of capacity")
        return refusal


@SDKS.adapter(
    "takes_a_refused_submission_for_a_pause",
    under="tinker-0.5.1",
    caught_by="submissions.no_pause",
    saying="at 0.000 s: wanted nothing, got the line 'Sampling is paused for sampler sampler-1.",
    shows_in=refused_with(408),
)
class _TakesARefusedSubmissionForAPause(WithSubmission):
    submission = _TakesARefusalForAPause


class _RepeatsUnpaid(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        return RefusedReply(503) if refusal.status == 402 else refusal


@SDKS.adapter(
    "sends_an_unpaid_submission_again",
    under="tinker-0.5.1",
    caught_by="submissions.payment_ends",
    saying="wanted future 1 to end in 'error', got 'result'",
    shows_in=refused_with(402),
)
class _SendsAnUnpaidSubmissionAgain(WithSubmission):
    submission = _RepeatsUnpaid


class _EndsUnpaid(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        return RefusedReply(418) if refusal.status == 402 else refusal


@SDKS.adapter(
    "gives_up_an_unpaid_submission",
    under="tinker-0.38",
    caught_by="submissions.payment_pauses",
    saying="at 0.000 s: wanted asample of future 1 again within 1.000 to 1.000 s, got nothing",
    shows_in=refused_with(402),
)
class _GivesUpAnUnpaidSubmission(WithSubmission):
    submission = _EndsUnpaid


class _Renumbers(PendingRequest):
    __slots__ = ()

    async def _reply(self, body: Mapping[str, object]) -> _Reply:
        reply = await super()._reply(body)
        seq_id = body.get("seq_id")
        if isinstance(reply, RefusedReply) and isinstance(seq_id, int) and isinstance(body, dict):
            body["seq_id"] = seq_id + 100
        return reply


@SDKS.adapter(
    "gives_repeated_submissions_new_numbers",
    under="tinker-0.5.1",
    caught_by="submissions.same_number",
    saying="with the same seq_id as before, got forward_backward 2 with the seq_id 101 after 1",
    shows_in=requests_get(lambda status: status != "200"),
)
class _NumbersRepeatedSubmissionsAgain(WithSubmission):
    submission = _Renumbers


class _EndsAtASession(_Changed):
    __slots__ = ()

    def changed(self, refusal: RefusedReply) -> RefusedReply:
        return RefusedReply(418) if self.is_setup and refusal.status == 408 else refusal


@SDKS.adapter(
    "gives_up_a_session_at_408",
    under="tinker-0.38",
    caught_by="submissions.session",
    saying="wanted the scenario to finish, got a failed set-up: create_client failed",
    also=("submissions.delays_of_a_session",),
    shows_in=refused_with(408),
)
class _GivesUpASessionAt408(WithSubmission):
    submission = _EndsAtASession


class _HidesTheMessages(ReferenceAdapter):
    """The reference, which does not show what the server says when it creates a session."""

    async def open(self, context: ScenarioContext) -> None:
        await super().open(context)
        service: Any = self._service
        post = service.post

        async def silent(*arguments: Any) -> Any:
            return self.shown(await post(*arguments))

        service.post = silent

    def shown(self, reply: dict[str, object]) -> dict[str, object]:
        """Return the reply that is shown."""
        return {key: value for key, value in reply.items() if not key.endswith("_message")}


@SDKS.adapter(
    "hides_what_the_server_says_of_a_session",
    under="tinker-0.5.1",
    caught_by="submissions.session_lines",
    saying='This release %s {0} is supported until "June".',
    shows_in=scripts_the_setup,
)
class _HidesAllMessages(_HidesTheMessages):
    pass


@SDKS.adapter(
    "takes_an_error_of_the_session_for_information",
    under="tinker-0.21",
    caught_by="submissions.session_lines",
    saying="'This project is not paid for.', level error, got nothing",
    shows_in=scripts_the_setup,
)
class _TakesAnErrorForInformation(_HidesTheMessages):
    def shown(self, reply: dict[str, object]) -> dict[str, object]:
        return {**reply, "info_message": reply.get("error_message"), "error_message": None}


_ALSO: Final[Mapping[str, str]] = {
    "starts_quick_retries_at_one_second": (
        "after_ten_retries delays_of_a_session delays_of_the_config retry_after should_retry"
    ),
    "caps_quick_retries_at_twenty_seconds": "after_ten_retries",
    "retries_without_a_random_part": "after_ten_retries delays_of_a_session delays_of_the_config",
    "starts_slow_retries_at_two_seconds": (
        "after_five_minutes after_ten_retries retry_after should_retry too_many_requests"
    ),
    "caps_slow_retries_at_a_minute": "after_five_minutes",
    "waits_five_seconds_after_a_429": "retry_after",
}
"""What else of the chapter some of the following break."""

for _name, _under, _key, _value, _caught_by, _saying in (
    (
        "starts_quick_retries_at_one_second",
        "tinker-0.38",
        "quick_base_seconds",
        1.0,
        "submissions.delays",
        "wanted forward_backward of future 1 again within 0.375 to 0.500 s, got",
    ),
    (
        "caps_quick_retries_at_twenty_seconds",
        "tinker-0.5.1",
        "quick_cap_seconds",
        20.0,
        "submissions.delays",
        "again within 7.500 to 10.000 s, got 1",
    ),
    (
        "retries_without_a_random_part",
        "tinker-0.38",
        "quick_jitter",
        0.0,
        "submissions.delays",
        "wanted delays with jitter, got delays without jitter",
    ),
    (
        "starts_slow_retries_at_two_seconds",
        "tinker-0.5.1",
        "slow_base_seconds",
        2.0,
        "submissions.delays",
        "wanted asample of future 1 again within 1.000 to 1.000 s, got 2.000 s",
    ),
    (
        "caps_slow_retries_at_a_minute",
        "tinker-0.38",
        "slow_cap_seconds",
        60.0,
        "submissions.delays",
        "wanted asample of future 1 again within 30.000 to 30.000 s, got 32.000 s",
    ),
    (
        "allows_twelve_quick_retries",
        "tinker-0.38",
        "quick_retries",
        12,
        "submissions.after_ten_retries",
        "wanted forward_backward of future 1 again within 1.000 to 1.000 s, got",
    ),
    (
        "sends_a_sample_again_for_ten_minutes",
        "tinker-0.38",
        "slow_limit_seconds",
        600.0,
        "submissions.after_five_minutes",
        "asample of future 1 again within 29.000 to 29.000 s, got 30.000 s",
    ),
    (
        "waits_five_seconds_after_a_429",
        "tinker-0.5.1",
        "sampling_back_off_seconds",
        5.0,
        "submissions.too_many_requests",
        "asample of future 1 again within 1.000 to 1.000 s, got 5.000 s",
    ),
    (
        "ignores_retry_after",
        "tinker-0.5.1",
        "retry_after_limit_seconds",
        0.0,
        "submissions.retry_after",
        "wanted forward_backward of future 1 again within 9.000 to 9.000 s, got 0.",
    ),
    (
        "follows_a_long_retry_after",
        "tinker-0.38",
        "retry_after_limit_seconds",
        3600.0,
        "submissions.retry_after",
        "wanted forward_backward of future 1 again within 1.500 to 2.000 s, got 61.000 s",
    ),
    (
        "ignores_should_retry",
        "tinker-0.38",
        "obeys_should_retry",
        False,
        "submissions.should_retry",
        "wanted forward_backward of future 1 again within 0.375 to 0.500 s, got nothing",
    ),
    (
        "retries_an_empty_400_in_an_old_revision",
        "tinker-0.5.1",
        "retries_empty_400",
        True,
        "submissions.empty_bad_request_ends",
        "wanted future 1 to end in 'error', got 'result'",
    ),
    (
        "gives_up_at_an_empty_400",
        "tinker-0.38",
        "retries_empty_400",
        False,
        "submissions.empty_bad_request",
        "wanted future 1 to end in 'result', got 'error'",
    ),
    (
        "gives_repeated_samples_new_numbers",
        "tinker-0.38",
        "renumbers_samples",
        True,
        "submissions.same_number_of_a_sample",
        "wanted asample 2 with the same seq_id as before, got asample 2",
    ),
    (
        "waits_for_a_session_as_for_a_sample",
        "tinker-0.38",
        "sessions",
        "slow_only",
        "submissions.delays_of_a_session",
        "wanted create_session again within 0.375 to 0.500 s, got 1.000 s",
    ),
    (
        "waits_for_the_config_as_for_a_sample",
        "tinker-0.38",
        "client_config",
        "slow_only",
        "submissions.delays_of_the_config",
        "wanted config again within 0.375 to 0.500 s, got 1.000 s",
    ),
):
    SDKS.edited(
        _name,
        under=_under,
        changes={f"polling.submission.{_key}": _value},
        caught_by=_caught_by,
        saying=_saying,
        also=tuple(f"submissions.{also}" for also in _ALSO.get(_name, "").split()),
        shows_in=requests_get(lambda status: status != "200"),
    )

SDKS.edited(
    "saves_weights_with_quick_retries",
    under="tinker-0.38",
    changes={"polling.operations.save_state.retries": "quick_then_slow"},
    caught_by="submissions.delays",
    saying="wanted save_weights of future 1 again within 1.000 to 1.000 s, got 0.",
)
