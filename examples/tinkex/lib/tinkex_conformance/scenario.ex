defmodule TinkexConformance.Scenario do
  @moduledoc "One run: clients are made, futures are run, and what can be seen is told."

  alias TinkexConformance.{Functions, ObserverTracer, Sdk, Who, Wire}

  @doc "Starts a run in a process of its own; it takes `{:go, future}` messages."
  @spec start(map()) :: pid()
  def start(run), do: spawn(fn -> perform(run) end)

  defp perform(%{"id" => id} = run) do
    # A client that ends takes its owner along otherwise.
    Process.flag(:trap_exit, true)
    Wire.begin(id)
    Who.forget_clients()
    Enum.each(run["calls"], &call(&1, id))

    case set_up(run) do
      {:ok, service, clients} ->
        futures(run, clients)
        if service, do: GenServer.stop(service)
        Wire.finish(%{type: "done"})

      {:error, text} ->
        Wire.finish(%{type: "failed", error: text})
    end
  end

  defp call(%{"call" => number, "function" => function, "arguments" => arguments}, id) do
    Who.claim(%{run: id, future: number})

    fields =
      try do
        %{kind: "result", value: Functions.call(function, arguments)}
      rescue
        error -> %{kind: "error", error: Exception.format_banner(:error, error)}
      end

    Wire.event("outcome", Who.current(), fields)
  end

  defp set_up(%{"clients" => []}), do: {:ok, nil, %{}}

  defp set_up(%{"id" => id} = run) do
    service = Sdk.open(run["base_url"], run["api_key"])

    clients =
      for %{"name" => name} = spec <- run["clients"], into: %{} do
        client = Sdk.client(service, spec)
        Who.register_client(client, %{run: id, client: name})
        {name, client}
      end

    {:ok, service, clients}
  rescue
    error -> {:error, Exception.format(:error, error, __STACKTRACE__)}
  catch
    :exit, reason -> {:error, Exception.format_exit(reason)}
  end

  defp futures(%{"concurrent" => true} = run, clients) do
    run["futures"] |> Enum.map(&begin(&1, run, clients)) |> Enum.each(&finish/1)
  end

  defp futures(%{"stepwise" => stepwise} = run, clients) do
    for %{"future" => number} = future <- run["futures"] do
      if stepwise do
        receive do: ({:go, ^number} -> :ok)
      end

      future |> begin(run, clients) |> finish()
    end
  end

  defp begin(%{"client" => client, "future" => number} = future, run, clients) do
    spawn_monitor(fn ->
      # With exits trapped the end of a task of Tinkex that crashes is an answer.
      Process.flag(:trap_exit, true)
      who = %{run: run["id"], client: client, future: number}
      Who.claim(who)
      {kind, error} = Sdk.run(clients[client], future, who, run["clock"]["kind"])
      ObserverTracer.flush()
      Wire.event("outcome", who, %{kind: kind, error: error})
    end)
  end

  defp finish({pid, monitor}) do
    receive do: ({:DOWN, ^monitor, :process, ^pid, _reason} -> :ok)
  end
end
