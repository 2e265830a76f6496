"""Read and write the protobuf messages of the Tinker API, without generated code and without dependencies.

The module decodes and encodes forward requests, and the results of sampling and of forward passes. Bytes go
in and mappings come out, or the other way round.
"""

from __future__ import annotations

from fake_server.core.errors import BodyError
from fake_server.protobuf.request_messages import (
    decode_forward_request,
    encode_forward_request,
    protobuf_model_id,
)
from fake_server.protobuf.result_decoding import decode_forward_output, decode_sample_response
from fake_server.protobuf.result_messages import MEDIA_TYPE, encode_forward_output, encode_sample_response

__all__ = [
    "MEDIA_TYPE",
    "BodyError",
    "decode_forward_output",
    "decode_forward_request",
    "decode_sample_response",
    "encode_forward_output",
    "encode_forward_request",
    "encode_sample_response",
    "protobuf_model_id",
]
