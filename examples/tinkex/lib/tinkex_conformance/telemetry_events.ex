defmodule TinkexConformance.TelemetryEvents do
  @moduledoc """
  Hands Tinkex's telemetry on. Handlers run in the process that emits, so they also learn whom it works for,
  and make sure before each request that all observer calls have been told.
  """

  alias TinkexConformance.{ObserverTracer, Who, Wire}

  @request [:tinkex, :http, :request, :start]
  @events [[:tinkex, :queue, :state_change]] ++
            for(
              name <- ~w(timeout api_error connection_error request_failed validation_error)a,
              do: [:tinkex, :future, name]
            )

  @doc "Attaches to every event of a future."
  @spec attach() :: :ok | {:error, :already_exists}
  def attach,
    do: :telemetry.attach_many(__MODULE__, [@request | @events], &__MODULE__.handle/4, nil)

  @doc false
  def handle(@request, _measurements, _metadata, nil), do: ObserverTracer.flush()

  def handle(event, _measurements, metadata, nil) do
    if who = Who.from_metadata(metadata), do: Who.claim(who)
    data = for {key, value} <- metadata, plain?(value), into: %{}, do: {key, value}
    Wire.event("telemetry", Who.current(), %{name: Enum.join(event, "."), data: data})
  end

  defp plain?(value), do: is_atom(value) or is_binary(value) or is_number(value)
end
