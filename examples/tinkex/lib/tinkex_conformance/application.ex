defmodule TinkexConformance.Application do
  @moduledoc """
  Loads every module at the start, as a release does, unless `TINKEX_LOADING=lazy`: then a module is loaded
  when it is first called, as under `mix run` and `iex -S mix`. Tinkex behaves differently (see README).
  """

  use Application

  @impl true
  def start(_type, _args) do
    if System.get_env("TINKEX_LOADING") != "lazy", do: load([:tinkex, :tinkex_conformance])
    children = [TinkexConformance.Wire, TinkexConformance.ObserverTracer]
    {:ok, supervisor} = Supervisor.start_link(children, strategy: :one_for_one)
    :ok = TinkexConformance.TelemetryEvents.attach()
    :ok = :logger.add_handler(:tinker_conformance, TinkexConformance.LogHandler, %{level: :all})
    {:ok, supervisor}
  end

  defp load(applications) do
    for application <- applications do
      {:ok, modules} = :application.get_key(application, :modules)
      :ok = Code.ensure_all_loaded(modules)
    end
  end
end
