defmodule TinkexConformance.Application do
  @moduledoc false
  use Application

  @impl true
  def start(_type, _args) do
    children = [TinkexConformance.Wire, TinkexConformance.ObserverTracer]
    {:ok, supervisor} = Supervisor.start_link(children, strategy: :one_for_one)
    :ok = TinkexConformance.TelemetryEvents.attach()
    :ok = :logger.add_handler(:tinker_conformance, TinkexConformance.LogHandler, %{level: :all})
    {:ok, supervisor}
  end
end
