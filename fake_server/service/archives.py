"""The files of a downloaded checkpoint: a small PEFT adapter, with the same bytes at every download.

The names of the files and the keys of the configuration are those that tinker-cookbook 0.6.1 loads. The
adapter has one small projection matrix. Its numbers depend on what the model has learned, but fit no real
model.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Iterable
from importlib import import_module
from typing import Any, Final

from fake_server.core.http_messages import Reply
from fake_server.service.checkpoints import Checkpoint
from fake_server.service.refusals import ServiceRefusal

FILES: Final = ("adapter_config.json", "adapter_model.safetensors")
"""The names of a PEFT adapter's files."""
AGE_SUFFIX: Final = ".age"
MAX_RECIPIENTS: Final = 10
LORA_ALPHA: Final = 32
COLUMNS: Final = 16
"""The number of columns of the projection matrix; real models have thousands."""
_PROJECTION: Final = "base_model.model.model.layers.0.self_attn.q_proj"


def file_names(found: Checkpoint) -> tuple[str, ...]:
    """Return the names of a checkpoint's files; encrypted files have a suffix."""
    return tuple(f"{name}{AGE_SUFFIX}" for name in FILES) if found.recipients else FILES


def archive(found: Checkpoint) -> Reply:
    """Return all files as tar.gz (``download_checkpoint_archive`` of 0.1.x, an archive URL later)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in file_names(found):
            content = _content(found, name)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return _reply("application/gzip", gzip.compress(packed.getvalue(), 1, mtime=0))


def one_file(found: Checkpoint, name: str) -> Reply:
    """Return one file of a checkpoint (``get_external_weights_urls`` of 0.38.0).

    Args:
        found: The checkpoint.
        name: The name of the file.

    Raises:
        ServiceRefusal: The checkpoint has no file with that name.
    """
    names = file_names(found)
    if name not in names:
        raise ServiceRefusal(f"the checkpoint has no file {name!r}; it has {', '.join(names)}", 404)
    return _reply("application/octet-stream", _content(found, name))


def check_recipients(recipients: Iterable[str]) -> None:
    """Check that files can be encrypted for these recipients: age keys (``age1…``) or SSH public keys.

    Raises:
        ServiceRefusal: There are too many recipients, one is invalid, or the encryption library is not
            installed.
    """
    given = list(recipients)
    if len(given) > MAX_RECIPIENTS:
        raise ServiceRefusal(f"{len(given)} age_encryption_recipients; give at most {MAX_RECIPIENTS}")
    if given:
        _encrypted(b"", given)


def _content(found: Checkpoint, name: str) -> bytes:
    plain = _config(found) if name.startswith(FILES[0]) else _tensors(found)
    return _encrypted(plain, found.recipients) if found.recipients else plain


def _config(found: Checkpoint) -> bytes:
    config = {
        "base_model_name_or_path": found.base_model.name,
        "bias": "none",
        "inference_mode": True,
        "lora_alpha": LORA_ALPHA,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": found.lora.rank,
        "target_modules": "all-linear",
        "task_type": "CAUSAL_LM",
        "tinker_path": found.path,
    }
    return json.dumps(config).encode()


def _tensors(found: Checkpoint) -> bytes:
    """Return a checkpoint's weights as a file in the safetensors format: header length, header, numbers."""
    rank = max(found.lora.rank, 1)
    weights = [weight for _, weight in sorted(found.trained.weights.unpacked().items())][: rank * COLUMNS]
    first = struct.pack(f"<{rank * COLUMNS}f", *weights, *[0.0] * (rank * COLUMNS - len(weights)))
    header = {
        "__metadata__": {"format": "pt"},
        f"{_PROJECTION}.lora_A.weight": {
            "dtype": "F32",
            "shape": [rank, COLUMNS],
            "data_offsets": [0, len(first)],
        },
        f"{_PROJECTION}.lora_B.weight": {
            "dtype": "F32",
            "shape": [COLUMNS, rank],
            "data_offsets": [len(first), 2 * len(first)],
        },
    }
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded + first + bytes(len(first))


def _encrypted(content: bytes, recipients: Iterable[str]) -> bytes:
    try:
        pyrage: Any = import_module("pyrage")  # a dependency of this function alone
    except ImportError:
        raise ServiceRefusal(
            "age_encryption_recipients need a library here; pip install 'tinker-conformance[age]'"
        ) from None
    keys = []
    for recipient in recipients:
        parser = pyrage.ssh if recipient.startswith("ssh-") else pyrage.x25519
        try:
            keys.append(parser.Recipient.from_str(recipient))
        except pyrage.RecipientError as error:
            raise ServiceRefusal(
                f"{recipient[:80]!r} is not an age recipient ({error}); give an age1… or SSH public key"
            ) from None
    encrypted: bytes = pyrage.encrypt(content, keys)
    return encrypted


def _reply(content_type: str, body: bytes) -> Reply:
    return Reply(200, ((b"content-type", content_type.encode("ascii")),), body)
