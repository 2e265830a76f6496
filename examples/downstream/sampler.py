"""What the project does: it samples, by the official SDK where that is installed, else by plain HTTP."""

from __future__ import annotations

import os

import httpx

try:
    import tinker
except ImportError:
    tinker = None


def sample_by_sdk(prompt: list[int]) -> list[int]:
    """Tokens that the official SDK sampled."""
    client = tinker.ServiceClient().create_sampling_client(base_model="Qwen/Qwen3-8B")
    client = client.result() if hasattr(client, "result") else client
    future = client.sample(
        prompt=tinker.types.ModelInput.from_ints(prompt),
        num_samples=1,
        sampling_params=tinker.types.SamplingParams(max_tokens=4),
    )
    return list(future.result().sequences[0].tokens)


async def sample_by_http(prompt: list[int]) -> list[int]:
    """Tokens that were sampled without an SDK: submit, then ask until the future ends."""
    body = {"num_samples": 1, "sampling_session_id": "session", "prompt": {"chunks": [{"tokens": prompt}]}}
    async with httpx.AsyncClient(base_url=os.environ["TINKER_BASE_URL"]) as client:
        future = (await client.post("/api/v1/asample", json=body)).json()
        while (reply := await client.post("/api/v1/retrieve_future", json=future)).status_code == 408:
            pass
    return list(reply.raise_for_status().json()["sequences"][0]["tokens"])
