"""What the fake server answers when a future ends well, and to the set-up requests."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_server.core.errors import BodyError
from fake_server.engine.results import (
    JSON_TYPE,
    SETUP_REPLIES,
    decode_forward_request,
    protobuf_model_id,
    result_body,
    setup_body,
)
from fake_server.operations import API_PREFIX, Operation
from fake_server.protobuf.codec import bytes_field, double_field, fields, varint_field
from fake_server.script.builder import KEYS_OF_A_RESULT

PROTOBUF = "application/x-protobuf"
SCORING = {Operation.SAMPLE, Operation.COMPUTE_LOGPROBS, Operation.FORWARD, Operation.FORWARD_BACKWARD}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def json_result(operation, request, **overrides):
    content_type, body = result_body(
        operation, request=request, accept="application/json", overrides=overrides
    )
    assert content_type == JSON_TYPE
    return json.loads(body)


def protobuf_result(operation, request, **overrides):
    content_type, body = result_body(operation, request=request, accept=PROTOBUF, overrides=overrides)
    assert content_type == PROTOBUF
    return list(fields(body))


def test_scripts_know_every_field_of_a_result_by_name():
    """So that a misspelt keyword of `complete` is refused, and no right one."""
    keys = {key for operation in Operation for key in json_result(operation, {"prompt_logprobs": True})}
    assert keys <= KEYS_OF_A_RESULT


def values(message, number):
    return [value for field, value in message if field == number]


def datum(*targets):
    tensor = {"data": list(targets), "dtype": "int64", "shape": [len(targets)]}
    return {"model_input": {"chunks": []}, "loss_fn_inputs": {"target_tokens": tensor}}


def forward_request(*data):
    return {"model_id": "m", "forward_backward_input": {"loss_fn": "cross_entropy", "data": list(data)}}


def prompt(*tokens):
    return {"chunks": [{"type": "encoded_text", "tokens": list(tokens)}]}


class TestJson:
    @pytest.mark.parametrize("operation", Operation)
    def test_every_operation_has_a_result_for_an_empty_request(self, operation):
        assert isinstance(json_result(operation, {}), dict)

    @given(st.sampled_from(Operation), st.dictionaries(st.text(max_size=8), json_values, max_size=4))
    def test_a_strange_request_still_gets_a_result(self, operation, request):
        assert isinstance(json_result(operation, request), dict)

    @pytest.mark.parametrize(
        "key", ["prompt", "sampling_params", "forward_backward_input", "num_samples", "path", "model_id"]
    )
    @given(value=json_values)
    def test_a_known_key_of_a_strange_type_counts_as_absent(self, key, value):
        for operation in Operation:
            assert isinstance(json_result(operation, {key: value}), dict)

    def test_sample_has_as_many_sequences_as_were_asked_for(self):
        result = json_result(Operation.SAMPLE, {"num_samples": 3, "sampling_params": {"max_tokens": 2}})
        assert [len(each["tokens"]) for each in result["sequences"]] == [2, 2, 2]
        assert [len(each["logprobs"]) for each in result["sequences"]] == [2, 2, 2]
        assert result["prompt_logprobs"] is None

    def test_compute_logprobs_scores_every_token_but_the_first(self):
        result = json_result(Operation.COMPUTE_LOGPROBS, {"prompt": prompt(1, 2, 3)})
        assert result["prompt_logprobs"][0] is None
        assert all(math.isfinite(each) for each in result["prompt_logprobs"][1:])
        assert len(result["prompt_logprobs"]) == 3

    def test_topk_gives_that_many_candidates_for_each_prompt_token(self):
        result = json_result(Operation.SAMPLE, {"prompt": prompt(1, 2), "topk_prompt_logprobs": 2})
        assert result["topk_prompt_logprobs"] == [None, [[0, -0.5], [1, -1.0]]]

    @pytest.mark.parametrize("key", ["forward_backward_input", "forward_input"])
    @pytest.mark.parametrize("operation", [Operation.FORWARD, Operation.FORWARD_BACKWARD])
    def test_forward_gives_one_logprob_for_each_target_token_of_each_datum(self, operation, key):
        result = json_result(operation, {key: {"data": [datum(1, 2, 3), datum(4)]}})
        assert [each["logprobs"]["shape"] for each in result["loss_fn_outputs"]] == [[3], [1]]
        assert [len(each["logprobs"]["data"]) for each in result["loss_fn_outputs"]] == [3, 1]
        assert math.isfinite(result["metrics"]["loss:sum"])

    def test_weights_are_saved_under_the_model_and_the_name(self):
        request = {"model_id": "m", "path": "step-1"}
        assert json_result(Operation.SAVE_STATE, request)["path"] == "tinker://m/weights/step-1"
        assert (
            json_result(Operation.SAVE_WEIGHTS_FOR_SAMPLER, request)["path"]
            == "tinker://m/sampler_weights/step-1"
        )

    @pytest.mark.parametrize("unnamed", [{}, {"path": None}])
    def test_weights_without_a_name_become_a_sampling_session(self, unnamed):
        request = {"model_id": "m", "sampling_session_seq_id": 2} | unnamed
        result = json_result(Operation.SAVE_WEIGHTS_FOR_SAMPLER, request)
        assert result["path"] is None
        assert result["sampling_session_id"]

    def test_overrides_replace_keys(self):
        assert json_result(Operation.CREATE_MODEL, {}, model_id="model-7") == {
            "type": "create_model",
            "model_id": "model-7",
        }

    @pytest.mark.parametrize("operation", sorted(set(Operation) - SCORING))
    def test_operations_without_a_protobuf_form_stay_json(self, operation):
        assert result_body(operation, request={}, accept=PROTOBUF, overrides={})[0] == JSON_TYPE


class TestProtobufResults:
    def test_sample_carries_the_numbers_of_the_json_form(self):
        request = {"num_samples": 2, "prompt": prompt(1, 2), "prompt_logprobs": True}
        message = protobuf_result(Operation.SAMPLE, request)
        sequences = [list(fields(each)) for each in values(message, 1)]
        assert len(sequences) == 2
        assert values(sequences[0], 1) == [1]
        assert values(sequences[0], 2) == [struct.pack("<i", 0)]
        assert values(sequences[0], 3) == [struct.pack("<f", -0.5)]
        first, second = struct.unpack("<2f", values(message, 2)[0])
        assert math.isnan(first)
        assert second == -0.5

    def test_topk_is_a_table_whose_empty_cells_are_marked(self):
        message = protobuf_result(Operation.SAMPLE, {"prompt": prompt(1, 2), "topk_prompt_logprobs": 2})
        table = list(fields(values(message, 3)[0]))
        assert (values(table, 3), values(table, 4)) == ([2], [2])
        assert struct.unpack("<4i", values(table, 1)[0]) == (0, 0, 0, 1)
        assert struct.unpack("<4f", values(table, 2)[0]) == (-99999.0, -99999.0, -0.5, -1.0)

    def test_forward_carries_each_datum_and_the_loss(self):
        message = protobuf_result(Operation.FORWARD_BACKWARD, forward_request(datum(1, 2), datum(3)))
        records = [list(fields(each)) for each in values(message, 2)]
        assert [values(each, 3) for each in records] == [[1], [1]]
        entry = list(fields(values(records[0], 2)[0]))
        assert values(entry, 1) == [b"logprobs"]
        tensor = list(fields(values(entry, 2)[0]))
        assert struct.unpack("<2f", values(tensor, 1)[0]) == (-0.5, -0.5)
        assert struct.unpack("<2q", values(tensor, 2)[0]) == (0, 8)
        assert values(tensor, 3) == [1]
        metric = list(fields(values(message, 3)[0]))
        assert values(metric, 1) == [b"loss:sum"]
        assert struct.unpack("<d", values(metric, 2)[0]) == (1.5,)

    def test_the_trailing_extents_of_a_shape_are_kept(self):
        tensor = {"data": [1, 2, 3, 4, 5, 6], "dtype": "int64", "shape": [2, 3]}
        request = {"forward_backward_input": {"data": [{"loss_fn_inputs": {"target_tokens": tensor}}]}}
        message = protobuf_result(Operation.FORWARD, request)
        entry = list(fields(values(list(fields(values(message, 2)[0])), 2)[0]))
        assert values(list(fields(values(entry, 2)[0])), 4) == [b"\x03"]

    @pytest.mark.parametrize(
        ("operation", "overrides"),
        [
            (Operation.SAMPLE, {"sequences": "none"}),
            (Operation.SAMPLE, {"sequences": [{"tokens": [1]}]}),
            (Operation.SAMPLE, {"sequences": [{"tokens": [2**40], "stop_reason": "stop"}]}),
            (Operation.SAMPLE, {"sequences": [{"tokens": [1], "stop_reason": "tired"}]}),
            (Operation.SAMPLE, {"prompt_logprobs": ["x"]}),
            (Operation.FORWARD, {"metrics": {"loss": "low"}}),
            (Operation.FORWARD, {"loss_fn_outputs": [3]}),
        ],
    )
    def test_overrides_without_a_protobuf_form_are_an_error_that_says_what_to_do(self, operation, overrides):
        with pytest.raises(BodyError, match=r"overrides of `complete`"):
            result_body(operation, request={}, accept=PROTOBUF, overrides=overrides)


def encoded_forward_request():
    tensor = (
        bytes_field(1, struct.pack("<2q", 5, 6)) + varint_field(3, 2) + bytes_field(4, b"\x02")
    )  # shape packed
    inputs = bytes_field(1, b"target_tokens") + bytes_field(2, tensor)
    return (
        bytes_field(1, b"model-1")
        + varint_field(2, 7)
        + bytes_field(3, bytes_field(2, inputs))
        + bytes_field(4, b"cross_entropy")
        + bytes_field(5, bytes_field(1, b"beta") + double_field(2, 0.5))
        + varint_field(6, 1)
    )


class TestProtobufRequests:
    def test_a_forward_request_becomes_the_mapping_of_the_json_form(self):
        assert decode_forward_request(encoded_forward_request()) == {
            "model_id": "model-1",
            "seq_id": 7,
            "forward_only": True,
            "forward_backward_input": {
                "loss_fn": "cross_entropy",
                "loss_fn_config": {"beta": 0.5},
                "data": [
                    {
                        "model_input": {"chunks": []},
                        "loss_fn_inputs": {"target_tokens": {"dtype": "int64", "shape": [2], "data": [5, 6]}},
                    }
                ],
            },
        }

    def test_its_result_has_a_logprob_for_each_of_its_targets(self):
        result = json_result(Operation.FORWARD, decode_forward_request(encoded_forward_request()))
        assert [each["logprobs"]["data"] for each in result["loss_fn_outputs"]] == [[-0.5, -0.5]]

    def test_the_model_id_is_found(self):
        assert protobuf_model_id(encoded_forward_request()) == "model-1"

    @pytest.mark.parametrize("body", [b"", b"\xff\xff", bytes_field(1, b"\xff"), bytes_field(1, b"")])
    def test_a_body_without_a_model_id_has_none(self, body):
        assert protobuf_model_id(body) is None

    @given(st.binary(max_size=64))
    def test_any_other_bytes_are_an_error_of_one_kind(self, body):
        try:
            decode_forward_request(body)
        except BodyError as error:
            assert "; check" in str(error)  # noqa: PT017 - not every body is wrong


class TestWireFormat:
    @pytest.mark.parametrize(
        ("encoded", "expected"),
        [
            (varint_field(1, 150), b"\x08\x96\x01"),
            (bytes_field(2, b"testing"), b"\x12\x07testing"),
            (varint_field(1, -1), b"\x08" + b"\xff" * 9 + b"\x01"),
            (double_field(1, 1.0), b"\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"),
        ],
    )
    def test_the_examples_of_the_format_are_encoded_to_the_byte(self, encoded, expected):
        assert encoded == expected

    @given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1) | st.binary(max_size=20))))
    def test_what_is_written_is_read_back(self, message):
        body = b"".join(
            varint_field(number, value) if isinstance(value, int) else bytes_field(number, value)
            for number, value in message
        )
        assert list(fields(body)) == message

    @pytest.mark.parametrize("cut", range(1, len(b"\x12\x07testing")))
    def test_a_body_that_ends_inside_a_field_is_an_error(self, cut):
        with pytest.raises(BodyError, match="check that the (body|protobuf message) is complete"):
            list(fields(b"\x12\x07testing"[:cut]))

    def test_a_number_of_four_bytes_is_skipped_whole(self):
        assert list(fields(b"\x0d\x01\x02\x03\x04\x10\x05")) == [(1, b"\x01\x02\x03\x04"), (2, 5)]

    def test_a_wire_type_out_of_use_is_an_error(self):
        with pytest.raises(BodyError, match="wire type 3"):
            list(fields(b"\x0b"))


class TestSetUp:
    @pytest.mark.parametrize(("method", "name"), SETUP_REPLIES)
    def test_every_endpoint_of_the_table_answers_with_an_object(self, method, name):
        content_type, body = setup_body(method, API_PREFIX + name, {})
        assert content_type == JSON_TYPE
        assert isinstance(json.loads(body), dict)

    def test_the_method_counts(self):
        assert setup_body("GET", "/api/v1/create_session", {}) is None

    def test_other_paths_are_no_set_up_endpoints(self):
        assert setup_body("POST", "/api/v1/asample", {}) is None

    def test_the_client_configuration_keeps_the_sdk_on_httpx(self):
        _, body = setup_body("POST", "/api/v1/client/config", {"sdk_version": "0.38.0"})
        assert json.loads(body)["use_pyqwest_transport"] is False

    def test_a_sampler_is_described_under_its_own_id(self):
        _, body = setup_body("GET", "/api/v1/samplers/sampler-3", {})
        assert json.loads(body)["sampler_id"] == "sampler-3"

    def test_overrides_replace_keys(self):
        _, body = setup_body(
            "POST", "/api/v1/create_sampling_session", {}, overrides={"sampling_session_id": "s"}
        )
        assert json.loads(body)["sampling_session_id"] == "s"

    def test_info_is_about_the_model_that_was_asked_for(self):
        _, body = setup_body("POST", "/api/v1/get_info", {"model_id": "model-9"})
        assert json.loads(body)["model_id"] == "model-9"
