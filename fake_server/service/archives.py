"""The files of a checkpoint, as they are downloaded: what it is, and no weights; the same bytes each time."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Final

from fake_server.core.http_messages import Reply
from fake_server.service.checkpoints import Checkpoint
from fake_server.service.refusals import ServiceRefusal

FILES: Final = ("adapter_config.json", "adapter_model.safetensors")
"""What an adapter of the PEFT library consists of."""


def archive(found: Checkpoint) -> Reply:
    """All files as tar.gz (``download_checkpoint_archive`` of 0.1.x, the archive's URL of later releases)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in FILES:
            content = _content(found, name)
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return _reply("application/gzip", gzip.compress(packed.getvalue(), 1, mtime=0))


def one_file(found: Checkpoint, name: str) -> Reply:
    """One file (``get_external_weights_urls`` of 0.38.0).

    Raises:
        ServiceRefusal: There is none of that name.
    """
    if name not in FILES:
        raise ServiceRefusal(f"the checkpoint has no file {name!r}; it has {', '.join(FILES)}", 404)
    return _reply("application/octet-stream", _content(found, name))


def _content(found: Checkpoint, name: str) -> bytes:
    if name.endswith(".json"):
        config = {
            "base_model_name_or_path": found.base_model.name,
            "peft_type": "LORA",
            "r": found.lora.rank,
            "tinker_path": found.path,
        }
        return json.dumps(config).encode()
    header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
    return len(header).to_bytes(8, "little") + header


def _reply(content_type: str, body: bytes) -> Reply:
    return Reply(200, ((b"content-type", content_type.encode("ascii")),), body)
