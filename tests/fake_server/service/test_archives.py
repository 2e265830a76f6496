"""The files of checkpoints: what a loader of adapters reads, encrypted where it was asked for."""

import io
import json
import struct
import sys
import tarfile

import pyrage
import pytest

from fake_server import FakeTinker
from tests.fake_server.service.service_client import BASE, DATA, Client, Failed

SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILm7xHfVrgZzKXUDO8LZ0GvNe2sGVYZuyEOhGyS6xL5E"


@pytest.fixture
def client():
    return Client(FakeTinker(seed=3))


def exported(client, **more):
    """The files of external weights of a model that learnt something, by name."""
    model = client.model()
    model.step(*DATA)
    model.do("save_weights_external", path="a", **more)
    place = f"training_runs/{model.model_id}/checkpoints/external_weights/a"
    urls = client.get(f"{place}/external_weights_urls")["urls"]
    files = {name: downloaded(client, url) for name, url in urls.items()}
    (location,) = (
        value for name, value in client.ask(f"{place}/archive", method="GET").headers if name == b"location"
    )
    with tarfile.open(fileobj=io.BytesIO(downloaded(client, location.decode()))) as tar:
        packed = {name: tar.extractfile(name).read() for name in tar.getnames()}
    return files, packed


def downloaded(client, url):
    reply = client.ask(url.removeprefix("http://t/api/v1/"), method="GET")
    assert reply.status == 200
    return reply.body


def tensors(content):
    """The tensors of a file in the safetensors format: shape and numbers by name."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    data = content[8 + size :]
    found = {}
    for name, about in header.items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            found[name] = about["shape"], struct.unpack(f"<{(end - begin) // 4}f", data[begin:end])
    return found


def test_an_adapter_has_what_a_loader_needs(client):
    files, packed = exported(client)
    assert files == packed
    config = json.loads(files["adapter_config.json"])
    assert (config["base_model_name_or_path"], config["r"], config["lora_alpha"]) == (BASE, 8, 32)
    assert config["peft_type"] == "LORA"
    found = tensors(files["adapter_model.safetensors"])
    (first, numbers), (second, zeros) = found.values()
    assert [name.rsplit(".", 2)[1] for name in found] == ["lora_A", "lora_B"]
    assert (first, second) == ([8, 16], [16, 8])
    assert any(numbers)
    assert not any(zeros)
    assert files == exported(Client(FakeTinker(seed=3)))[0]


def test_files_are_encrypted_to_every_recipient(client):
    identities = [pyrage.x25519.Identity.generate() for _ in range(2)]
    recipients = [str(each.to_public()) for each in identities]
    plain, _ = exported(client)
    files, packed = exported(client, age_encryption_recipients=[*recipients, SSH_KEY])
    assert set(files) == set(packed) == {"adapter_config.json.age", "adapter_model.safetensors.age"}
    for identity in identities:
        for content in (files, packed):
            decrypted = pyrage.decrypt(content["adapter_model.safetensors.age"], [identity])
            assert decrypted == plain["adapter_model.safetensors"]


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        (["age1"], "is not an age recipient"),
        (["ssh-rsa x"], "is not an age recipient"),
        (["age1"] * 11, "give at most 10"),
    ],
)
def test_what_is_no_recipient_fails_and_saves_nothing(client, recipients, expected):
    with pytest.raises(Failed, match=expected):
        exported(client, age_encryption_recipients=recipients)
    assert client.get("checkpoints")["checkpoints"] == []


def test_without_the_library_the_failure_says_what_to_install(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(Failed, match=r"pip install 'tinker-conformance\[age\]'"):
        exported(client, age_encryption_recipients=["age1"])
    assert exported(client)
