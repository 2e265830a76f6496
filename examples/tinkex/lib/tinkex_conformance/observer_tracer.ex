defmodule TinkexConformance.ObserverTracer do
  @moduledoc """
  Sees Tinkex call its own observers.

  A client is its own observer, by default and unseen. The virtual machine traces the calls, so that nothing
  stands between Tinkex and them. A trace message comes a moment after the call; `flush/0`, called by
  the process that made it, waits until what it did has been told.

  An observer's module may not be loaded yet, and loading it here would change what is seen (see README): then
  the trace begins when Tinkex loads it, on every function called with a queue state.
  """

  use GenServer

  alias TinkexConformance.{Who, Wire}

  @observers [Tinkex.SamplingClient, Tinkex.TrainingClient.Observer]
  @told_a_state for state <- ~w(active paused_rate_limit paused_capacity unknown)a,
                    do: {[state, :_], [], []}

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_arguments), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "Waits until every observer call that this process has made so far has been told to the kit."
  @spec flush() :: :ok
  def flush do
    delivered = :erlang.trace_delivered(self())

    receive do
      {:trace_delivered, _pid, ^delivered} -> GenServer.call(__MODULE__, :flush, :infinity)
    end
  end

  @impl true
  def init(nil) do
    for module <- @observers, :erlang.module_loaded(module) do
      1 = :erlang.trace_pattern({module, :on_queue_state_change, 2}, true, [:local])
    end

    :erlang.trace_pattern(:on_load, @told_a_state, [:local])
    :erlang.trace(:new_processes, true, [:call, tracer: self()])
    {:ok, nil}
  end

  @impl true
  def handle_call(:flush, _from, state), do: {:reply, :ok, state}

  @impl true
  def handle_info({:trace, pid, :call, {module, :on_queue_state_change, [state, metadata]}}, nil)
      when module in @observers do
    who = Who.from_metadata(metadata) || Who.of(pid)
    fields = %{state: to_string(state), reason: metadata[:queue_state_reason], custom: false}
    :ok = Wire.event("callback", who, fields)
    {:noreply, nil}
  end

  def handle_info({:trace, _pid, :call, _another}, nil), do: {:noreply, nil}
end
