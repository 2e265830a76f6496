defmodule TinkexConformance.Wire do
  @moduledoc """
  The way to the kit: one JSON object a line, written before the call returns.

  An event must be in the pipe before the SDK's next request. The write is a system call of this process, and
  the caller waits for it; the device `:stdio` promises less, as its writes may be queued.
  """

  use GenServer

  @spec start_link(term()) :: GenServer.on_start()
  def start_link(_arguments), do: GenServer.start_link(__MODULE__, nil, name: __MODULE__)

  @doc "Writes a message that belongs to no run."
  @spec say(map()) :: :ok
  def say(message), do: GenServer.call(__MODULE__, {:say, message}, :infinity)

  @doc "Begins a run: from now on events carry its id."
  @spec begin(integer()) :: :ok
  def begin(run), do: GenServer.call(__MODULE__, {:begin, run}, :infinity)

  @doc "Writes the last message of the run; what processes of it still say is left out."
  @spec finish(map()) :: :ok
  def finish(message), do: GenServer.call(__MODULE__, {:finish, message}, :infinity)

  @doc """
  Writes an event of the current run.

  `who` holds `:run`, `:client` and `:future`, or is empty where that is not known. An event of a run that
  is over is left out.
  """
  @spec event(String.t(), map(), map()) :: :ok
  def event(type, who, fields),
    do: GenServer.call(__MODULE__, {:event, type, who, fields}, :infinity)

  @impl true
  def init(nil) do
    {:ok, pipe} = :file.open(~c"/dev/fd/1", [:append, :raw, :binary])
    {:ok, %{pipe: pipe, run: nil}}
  end

  @impl true
  def handle_call({:say, message}, _from, state) do
    {:reply, write(state, message), state}
  end

  def handle_call({:begin, run}, _from, state), do: {:reply, :ok, %{state | run: run}}

  def handle_call({:finish, message}, _from, state) do
    {:reply, write(state, Map.put(message, :id, state.run)), %{state | run: nil}}
  end

  def handle_call({:event, type, who, fields}, _from, %{run: run} = state) do
    if run != nil and Map.get(who, :run, run) == run do
      attribution = Map.take(who, [:client, :future])
      write(state, fields |> Map.merge(attribution) |> Map.merge(%{type: type, id: run}))
    end

    {:reply, :ok, state}
  end

  defp write(%{pipe: pipe}, message), do: :file.write(pipe, [Jason.encode!(message), ?\n])
end
