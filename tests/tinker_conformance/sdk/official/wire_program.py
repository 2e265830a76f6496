"""The newest SDK, in its lean environment, against a fake server; prints its results as JSON.

Usage: wire_program.py BASE_URL
"""

from __future__ import annotations

import json
import sys

import tinker
from tinker import types


def main() -> None:
    service = tinker.ServiceClient(base_url=sys.argv[1], api_key="tml-test")
    sampler = service.create_sampling_client(base_model="Qwen/Qwen3-8B")
    prompt = types.ModelInput.from_ints([1, 2, 3])
    sampled = sampler.sample(
        prompt=prompt, num_samples=2, sampling_params=types.SamplingParams(max_tokens=4)
    ).result(timeout=20)
    training = service.create_lora_training_client(base_model="Qwen/Qwen3-8B")
    datum = types.Datum(
        model_input=prompt,
        loss_fn_inputs={"target_tokens": [2, 3, 4], "weights": [1.0, 1.0, 1.0]},
    )
    trained = training.forward_backward([datum], "cross_entropy").result(timeout=20)
    print(
        json.dumps(
            {
                "sequences": [[s.tokens, s.logprobs, s.stop_reason] for s in sampled.sequences],
                "metrics": trained.metrics,
                "logprobs": trained.loss_fn_outputs[0]["logprobs"].tolist(),
            }
        )
    )


main()
