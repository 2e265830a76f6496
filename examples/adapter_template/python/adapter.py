"""An adapter for an SDK in Python. Copy this folder and put your SDK in place of `sdk`.

This file is what you edit; kit.py is the protocol, which stays as it is.
"""

from __future__ import annotations

import kit
import sdk

ABOUT = {  # who your SDK is, and what it claims
    "protocol": 1,
    "name": "adapter-template-python",
    "version": "0.1.0",
    "language": "python",
    "profile": "tinker-0.5.1",
    "capabilities": [
        "callbacks",
        "sampling",
        "training",
        "concurrency",
        "threads",
        "timeout",
        "read_timeout",
        "virtual_sleep",
    ],
    "operations": ["sample", "forward_backward"],
    "clocks": ["file"],
}
OUTCOMES = {  # your SDK's errors; any other is the outcome `error`
    sdk.RequestFailedError: "failed",
    sdk.FutureExpiredError: "expired",
    sdk.WaitTimeoutError: "timeout",
}


class Driver:
    """Drives the SDK in one scenario."""

    def __init__(self, scenario: kit.Scenario) -> None:
        """Give the SDK the kit's server, clock and logger."""
        self._scenario = scenario
        self._service = sdk.Service(scenario.base_url, scenario.api_key, scenario.clock, scenario.log)
        if scenario.read_timeout is not None:
            self._service.read_timeout = scenario.read_timeout

    def create_client(self, kind: str, base_model: str, model_path: str | None) -> sdk.Client:
        """Create a client, and tell the kit when the SDK calls its observer."""
        if kind == "sampling":
            client = sdk.create_sampling_client(self._service, model_path, base_model)
        else:
            client = sdk.create_training_client(self._service, base_model)
        original = client.observer.on_queue_state_change

        def observed(state: str) -> None:
            self._scenario.callback(state)
            original(state)

        client.observer.on_queue_state_change = observed  # type: ignore[method-assign]
        return client

    def run(self, client: sdk.Client, operation: str, timeout: float | None) -> None:
        """Submit an operation, and wait for its result."""
        match operation:
            case "sample":
                client.sample(timeout=timeout)
            case "forward_backward":
                client.forward_backward(timeout=timeout)

    def outcome_of(self, error: Exception) -> str:
        """Return how a future ended that raised this error."""
        return OUTCOMES.get(type(error), "error")


if __name__ == "__main__":
    kit.serve(ABOUT, Driver)
