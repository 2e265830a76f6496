defmodule TinkexConformance.TelemetryEvents do
  @moduledoc """
  Hands on the telemetry that tells a change of the queue state.

  Handlers run in the process that emits: so they also learn whom it works for, and make sure before each
  request that all observer calls have been told.
  """

  alias TinkexConformance.{ObserverTracer, Who, Wire}

  @request [:tinkex, :http, :request, :start]
  @state_change [:tinkex, :queue, :state_change]

  @doc "Attaches to what tells a change of the queue state, and to the start of a request."
  @spec attach() :: :ok | {:error, :already_exists}
  def attach do
    :telemetry.attach_many(__MODULE__, [@request, @state_change], &__MODULE__.handle/4, nil)
  end

  @doc false
  def handle(@request, _measurements, _metadata, nil), do: ObserverTracer.flush()

  def handle(@state_change = event, _measurements, metadata, nil) do
    if who = Who.from_metadata(metadata), do: Who.claim(who)
    data = for {key, value} <- metadata, plain?(value), into: %{}, do: {key, value}
    Wire.event("telemetry", Who.current(), %{name: Enum.join(event, "."), data: data})
  end

  defp plain?(value), do: is_atom(value) or is_binary(value) or is_number(value)
end
