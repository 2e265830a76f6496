defmodule TinkexConformance.Sdk do
  @moduledoc "Drives Tinkex: clients, operations, and what their ends mean."

  alias Tinkex.{Error, SamplingClient, ServiceClient, TrainingClient}
  alias Tinkex.Types.{AdamParams, Datum, ModelInput, SamplingParams}
  alias TinkexConformance.{CustomObserver, RaisingObserver, Who}

  @tokens [1, 2, 3]

  @doc "Starts the service that clients come from."
  @spec open(String.t(), String.t()) :: pid()
  def open(base_url, api_key) do
    {:ok, service} = ServiceClient.start_link(base_url: base_url, api_key: api_key)
    service
  end

  @doc "Makes a client, and with it the sampling session or the model."
  @spec client(pid(), map()) :: pid()
  def client(service, %{"kind" => kind, "id" => id} = spec) do
    forget(id)

    {:ok, client} =
      case kind do
        "sampling" ->
          ServiceClient.create_sampling_client(service, weights(spec))

        "training" ->
          ServiceClient.create_lora_training_client(service, spec["base_model"])
      end

    client
  end

  defp weights(%{"model_path" => nil, "base_model" => base_model}), do: [base_model: base_model]
  defp weights(%{"model_path" => model_path}), do: [model_path: model_path]

  # Tinkex remembers for each id when it last logged, and never forgets it; so each scenario has new ids.
  defp forget(id) do
    :ok = SamplingClient.clear_queue_state_debounce(id)
    :persistent_term.erase({:training_queue_state_debounce, id})
  end

  @doc """
  Runs an operation to its end, and says how it ended: the kind, and the error's text or nil.

  Tinkex sleeps between polls. Under a clock that stands still nothing would wake it, so there it is handed a
  `:sleep_fun` that returns at once.
  """
  @spec run(pid(), map(), Who.t(), String.t()) :: {String.t(), String.t() | nil}
  def run(client, %{"operation" => operation, "timeout" => timeout} = future, who, clock) do
    options =
      [telemetry_metadata: Who.metadata(who)] ++ observer(future["observer"]) ++ sleep(clock)

    wait = if timeout, do: round(timeout * 1000), else: :infinity

    operation
    |> submit(client, options)
    |> wait(wait)
    |> outcome()
  end

  defp observer("default"), do: []
  defp observer("raising"), do: [queue_state_observer: RaisingObserver]
  defp observer("custom"), do: [queue_state_observer: CustomObserver]
  defp observer("none"), do: [queue_state_observer: nil]

  defp sleep("libfaketime"), do: [sleep_fun: fn _milliseconds -> :ok end]
  defp sleep("wall"), do: []

  defp submit("sample", client, options),
    do: SamplingClient.sample(client, prompt(), %SamplingParams{max_tokens: 4}, options)

  defp submit("compute_logprobs", client, options),
    do: SamplingClient.compute_logprobs(client, prompt(), options)

  defp submit("forward", client, options),
    do: TrainingClient.forward(client, [datum()], :cross_entropy, options)

  defp submit("forward_backward", client, options),
    do: TrainingClient.forward_backward(client, [datum()], :cross_entropy, options)

  defp submit("optim_step", client, options),
    do: TrainingClient.optim_step(client, %AdamParams{}, options)

  defp submit("save_state", client, options),
    do: TrainingClient.save_state(client, "state", options)

  defp submit("load_state", client, options),
    do: TrainingClient.load_state(client, "tinker://model/weights/state", options)

  defp submit("save_weights_for_sampler", client, options),
    do: TrainingClient.save_weights_for_sampler(client, "sampler", options)

  defp submit("unload_model", client, _options),
    do: {:ok, Task.async(fn -> TrainingClient.unload_model(client) end)}

  defp prompt, do: ModelInput.from_ints(@tokens)

  defp datum do
    inputs = %{target_tokens: @tokens, weights: [1.0, 1.0, 1.0]}
    Datum.new(%{model_input: prompt(), loss_fn_inputs: inputs})
  end

  # The caller stops waiting, and the task goes on: what the kit means by a caller's limit.
  defp wait({:ok, task}, limit), do: Task.yield(task, limit)

  defp outcome({:ok, {:ok, _result}}), do: {"result", nil}
  defp outcome({:ok, {:error, error}}), do: {kind(error), text(error)}
  defp outcome({:exit, reason}), do: {"error", "exit: " <> Exception.format_exit(reason)}
  defp outcome(nil), do: {"timeout", "Task.yield/2: nil"}

  defp kind(%Error{status: 410}), do: "expired"
  defp kind(%Error{type: :request_failed}), do: "failed"
  defp kind(_error), do: "error"

  defp text(%Error{} = error), do: "Tinkex.Error: " <> Error.format(error)
  defp text(other), do: inspect(other)
end
