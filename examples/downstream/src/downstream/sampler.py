"""How the project samples: by the official SDK, blocking and not, and by plain HTTP."""

from __future__ import annotations

import os

import httpx
import tinker
from tinker import types

BASE_MODEL = "Qwen/Qwen3-8B"
PARAMETERS = types.SamplingParams(max_tokens=4)


def sample(prompt: list[int]) -> list[int]:
    """Tokens that the official SDK sampled."""
    with tinker.ServiceClient() as service:
        client = service.create_sampling_client(base_model=BASE_MODEL).result()
        reply = client.sample(types.ModelInput.from_ints(prompt), 1, PARAMETERS).result()
    return list(reply.sequences[0].tokens)


async def sample_async(prompt: list[int]) -> list[int]:
    """The same, awaited."""
    service = tinker.ServiceClient()
    client = await service.create_sampling_client(base_model=BASE_MODEL)
    reply = await client.sample(types.ModelInput.from_ints(prompt), 1, PARAMETERS)
    await service.close("success")
    return list(reply.sequences[0].tokens)


async def sample_by_http(prompt: list[int]) -> list[int]:
    """Tokens that were sampled without an SDK: submit, then ask until the future ends."""
    body = {"num_samples": 1, "sampling_session_id": "session", "prompt": {"chunks": [{"tokens": prompt}]}}
    async with httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = (await client.post("/api/v1/asample", json=body)).json()
        while (reply := await client.post("/api/v1/retrieve_future", json=future)).status_code == 408:
            pass
    return list(reply.raise_for_status().json()["sequences"][0]["tokens"])
