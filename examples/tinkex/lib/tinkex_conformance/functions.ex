defmodule TinkexConformance.Functions do
  @moduledoc "Tinkex's public functions, called for themselves."

  alias Tinkex.QueueStateLogger
  alias Tinkex.Types.QueueState

  @atoms Map.new(
           ~w(active paused_rate_limit paused_capacity unknown sampling training)a,
           &{Atom.to_string(&1), &1}
         )

  @doc """
  Calls a function by the kit's name for it; the value is JSON. Times come in seconds, the first argument of
  `should_log` relative to now; Tinkex takes milliseconds of the monotonic clock.
  """
  @spec call(String.t(), list()) :: term()
  def call("parse_queue_state", [text]), do: QueueState.parse(text)

  def call("reason_for_state", [state, kind]),
    do: QueueStateLogger.reason_for_state(@atoms[state], @atoms[kind])

  def call("should_log", [last]), do: QueueStateLogger.should_log?(moment(last))

  def call("should_log", [last, interval]),
    do: QueueStateLogger.should_log?(moment(last), milliseconds(interval))

  def call("log_state_change", [state, kind, identifier]) do
    :ok = QueueStateLogger.log_state_change(@atoms[state], @atoms[kind], identifier)
    nil
  end

  defp moment(nil), do: nil
  defp moment(seconds), do: System.monotonic_time(:millisecond) + milliseconds(seconds)

  defp milliseconds(seconds), do: round(seconds * 1000)
end
