defmodule TinkexConformance.RaisingObserver do
  @moduledoc "Stands for the client's own observer, and raises at each call."
  @behaviour Tinkex.QueueStateObserver

  @impl true
  def on_queue_state_change(queue_state, metadata) do
    TinkexConformance.CustomObserver.tell(queue_state, metadata, false)
    raise "the observer of this scenario raises"
  end
end

defmodule TinkexConformance.CustomObserver do
  @moduledoc "An observer that a caller hands in as `:queue_state_observer`."
  @behaviour Tinkex.QueueStateObserver

  alias TinkexConformance.{Who, Wire}

  @impl true
  def on_queue_state_change(queue_state, metadata), do: tell(queue_state, metadata, true)

  @doc false
  def tell(queue_state, metadata, custom) do
    who = Who.from_metadata(metadata) || Who.current()
    reason = metadata[:queue_state_reason]
    Wire.event("callback", who, %{state: to_string(queue_state), reason: reason, custom: custom})
  end
end
