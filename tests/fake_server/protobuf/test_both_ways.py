"""What is encoded for a client is decoded again, and the other way round."""

from __future__ import annotations

import pytest

from fake_server.core.errors import BodyError
from fake_server.protobuf import (
    decode_forward_output,
    decode_forward_request,
    decode_sample_response,
    encode_forward_output,
    encode_forward_request,
    encode_sample_response,
)

SAMPLE = {
    "sequences": [
        {"stop_reason": "stop", "tokens": [1, 2], "logprobs": [-0.5, -1.0]},
        {"stop_reason": "length", "tokens": [3], "logprobs": None},
    ],
    "prompt_logprobs": [-0.25, -2.0],
}
PASS = {
    "loss_fn_output_type": "ArrayRecord",
    "loss_fn_outputs": [
        {"logprobs": {"data": [-0.5, -1.5, -2.0], "dtype": "float32"}},
        {"logprobs": {"data": [-4.0], "dtype": "float32"}, "ids": {"data": [7, 8], "dtype": "int64"}},
    ],
    "metrics": {"loss:sum": 7.5, "tokens": 4.0},
}


def test_samples() -> None:
    assert decode_sample_response(encode_sample_response(SAMPLE)) == SAMPLE


def test_results_of_passes() -> None:
    assert decode_forward_output(encode_forward_output(PASS)) == PASS


@pytest.mark.parametrize("forward_only", [False, True])
def test_requests_for_passes(forward_only: bool) -> None:
    examples = [((1, 2, 3), (2, 3, 4), (0.0, 1.0, 0.5)), ((5,), (6,), (1.0,))]
    decoded = decode_forward_request(
        encode_forward_request("model-1", 4, examples, forward_only=forward_only)
    )
    data = [
        {
            "model_input": {"chunks": [{"type": "encoded_text", "tokens": list(tokens)}]},
            "loss_fn_inputs": {
                "target_tokens": {"data": list(targets), "dtype": "int64", "shape": [len(targets)]},
                "weights": {"data": list(weights), "dtype": "float32", "shape": [len(weights)]},
            },
        }
        for tokens, targets, weights in examples
    ]
    assert decoded == {
        "model_id": "model-1",
        "seq_id": 4,
        "forward_only": forward_only,
        "forward_backward_input": {"loss_fn": "cross_entropy", "data": data},
    }


@pytest.mark.parametrize("encoded", [encode_sample_response(SAMPLE), encode_forward_output(PASS)])
def test_every_prefix_is_a_message_or_an_error(encoded: bytes) -> None:
    for end in range(len(encoded)):
        for decode in (decode_sample_response, decode_forward_output):
            try:
                decode(encoded[:end])
            except BodyError:
                continue


def test_offsets_that_do_not_fit_are_an_error() -> None:
    encoded = bytearray(encode_forward_output(PASS))
    place = bytes(encoded).index(b"\x0c\x00\x00\x00\x00\x00\x00\x00")  # the end of the first tensor, 12 bytes
    encoded[place] = 200
    with pytest.raises(BodyError, match="do not divide 12 bytes"):
        decode_forward_output(bytes(encoded))
