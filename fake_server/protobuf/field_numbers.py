"""The field numbers of those messages of the Tinker API that are sent in protobuf.

Each class is one message; its members are the message's fields. Source: the message descriptors of ``tinker``
0.38.0 (the package's ``proto`` folder).
"""

from __future__ import annotations

from enum import IntEnum


class DType(IntEnum):
    """The types of the numbers in a tensor."""

    FLOAT32 = 1
    INT64 = 2
    INT32 = 3
    BFLOAT16 = 4


class SampleResponse(IntEnum):
    """A sampling result."""

    SEQUENCES = 1
    PROMPT_LOGPROBS = 2
    TOPK_PROMPT_LOGPROBS = 3
    PROMPT_CACHE_HIT_TOKENS = 4
    TARGET_PROMPT_LOGPROBS = 5
    PROMPT_ALT_TOKENS = 6


class PromptAltTokens(IntEnum):
    """Tokens drawn at each position of a prompt."""

    TOKENS = 1
    LOGPROBS = 2


class Tensor(IntEnum):
    """An array of numbers, dense or sparse."""

    DENSE = 1
    SPARSE_CSR = 2
    DTYPE = 3
    SHAPE = 4


class SparseCsr(IntEnum):
    """A sparse array in compressed rows."""

    VALUES = 1
    CROW_INDICES = 2
    COL_INDICES = 3


class SampledSequence(IntEnum):
    """One sampled sequence."""

    STOP_REASON = 1
    TOKENS = 2
    LOGPROBS = 3
    TOPK_SAMPLED_LOGPROBS = 4


class TopkLogprobs(IntEnum):
    """The most likely tokens at each position."""

    TOKEN_IDS = 1
    LOGPROBS = 2
    K = 3
    LENGTH = 4


class ForwardOutput(IntEnum):
    """The result of a forward pass."""

    LOSS_FN_OUTPUT_TYPE = 1
    LOSS_FN_OUTPUTS = 2
    METRICS = 3


class ArrayRecord(IntEnum):
    """The outputs of several datums (training examples) together."""

    TYPE_TAG = 1
    FIELDS = 2
    NUM_DATUMS = 3


class BatchedTensor(IntEnum):
    """The arrays of one name, for several datums."""

    DATA = 1
    OFFSETS = 2
    DTYPE = 3
    TRAILING_SHAPE = 4


class MapEntry(IntEnum):
    """One entry of a map."""

    KEY = 1
    VALUE = 2


class ForwardRequest(IntEnum):
    """The request for a forward, or forward and backward, pass."""

    MODEL_ID = 1
    SEQ_ID = 2
    DATA = 3
    LOSS_FN = 4
    LOSS_FN_CONFIG = 5
    FORWARD_ONLY = 6


class DatumMessage(IntEnum):
    """One datum (training example)."""

    MODEL_INPUT = 1
    LOSS_FN_INPUTS = 2


class Chunk(IntEnum):
    """One part of a model input."""

    ENCODED_TEXT = 1
    IMAGE = 2


class EncodedText(IntEnum):
    """Tokens, as a part of a model input."""

    TOKENS = 1


class Image(IntEnum):
    """An image, as a part of a model input."""

    FORMAT = 2
    EXPECTED_TOKENS = 3
