defmodule TinkexConformance.LogHandler do
  @moduledoc """
  A handler of `:logger` that hands on what modules of Tinkex log. It runs in the process that logs, and
  so before that process's next request.
  """

  alias TinkexConformance.{ObserverTracer, Who, Wire}

  @doc false
  def log(%{level: level, msg: message, meta: %{mfa: {module, _function, _arity}}}, _config) do
    case Atom.to_string(module) do
      "Elixir.Tinkex." <> name -> tell(level, "Tinkex." <> name, text(message))
      _another -> :ok
    end
  end

  def log(_event, _config), do: :ok

  defp tell(level, logger, message) do
    # The call of the observer that logs comes before its line.
    :ok = ObserverTracer.flush()
    Wire.event("log", Who.current(), %{level: name(level), logger: logger, message: message})
  end

  defp text({:string, chardata}), do: IO.chardata_to_string(chardata)
  defp text({:report, report}), do: inspect(report)

  defp text({format, arguments}),
    do: format |> :io_lib.format(arguments) |> IO.chardata_to_string()

  defp name(level) when level in [:emergency, :alert, :critical, :error], do: "error"
  defp name(level) when level in [:notice, :info], do: "info"
  defp name(level), do: Atom.to_string(level)
end
