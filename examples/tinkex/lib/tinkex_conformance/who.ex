defmodule TinkexConformance.Who do
  @moduledoc """
  Whom a process works for: which run, client and future.

  Tinkex polls in tasks of its own. What is known of a process is kept in its dictionary; for a task it is
  found through `$callers`, the processes that asked for it, nearest first. A training client polls in the
  name of the client's process, which knows its client only: there the metadata that a caller may hand to
  each operation (`:telemetry_metadata`) tells the future.
  """

  @key :tinker_conformance_who

  @type t :: %{
          optional(:run) => integer(),
          optional(:client) => String.t(),
          optional(:future) => integer()
        }

  @doc "Says whom the calling process works for."
  @spec claim(t()) :: :ok
  def claim(who) do
    Process.put(@key, who)
    :ok
  end

  @doc "What to hand to Tinkex as `:telemetry_metadata`."
  @spec metadata(t()) :: map()
  def metadata(who), do: %{@key => who}

  @doc "What `metadata/1` put into metadata of Tinkex, or nil."
  @spec from_metadata(map()) :: t() | nil
  def from_metadata(metadata), do: Map.get(metadata, @key)

  @doc "Whom the calling process works for; empty if nothing is known."
  @spec current() :: t()
  def current, do: Process.get(@key) || of_callers(Process.get(:"$callers", []))

  @doc "Whom another process works for; empty if nothing is known or the process is gone."
  @spec of(pid()) :: t()
  def of(pid) do
    case Process.info(pid, :dictionary) do
      {:dictionary, dictionary} ->
        Keyword.get(dictionary, @key) || of_callers(Keyword.get(dictionary, :"$callers", []))

      nil ->
        %{}
    end
  end

  defp of_callers(callers) do
    Enum.find_value(callers, %{}, fn caller -> own(caller) || client(caller) end)
  end

  defp own(pid) do
    with {:dictionary, dictionary} <- Process.info(pid, :dictionary),
         do: Keyword.get(dictionary, @key)
  end

  @doc "Says which client a process of Tinkex is."
  @spec register_client(pid(), t()) :: :ok
  def register_client(pid, who) do
    :persistent_term.put(@key, Map.put(:persistent_term.get(@key, %{}), pid, who))
  end

  @doc "Forgets all clients."
  @spec forget_clients() :: :ok
  def forget_clients, do: :persistent_term.put(@key, %{})

  defp client(pid), do: Map.get(:persistent_term.get(@key, %{}), pid)
end
