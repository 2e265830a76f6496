defmodule TinkexConformance do
  @moduledoc """
  An adapter of Tinkex for tinker-conformance: reads the kit's messages until standard input ends.
  """

  alias TinkexConformance.{Scenario, Wire}

  @about %{
    type: "started",
    protocol: 1,
    name: "tinkex",
    language: "elixir",
    profile: "tinkex-seed",
    capabilities: ~w(callbacks raising_observer custom_observer telemetry logger_functions
                     parse_function sampling training timeout concurrency),
    operations:
      ~w(sample compute_logprobs forward forward_backward optim_step save_state load_state
                   save_weights_for_sampler unload_model),
    clocks: ~w(libfaketime wall)
  }

  @doc "Serves until the kit closes standard input, and ends the virtual machine."
  @spec serve() :: no_return()
  def serve do
    :ok = :io.setopts(:standard_io, encoding: :latin1, binary: true)
    serve(nil)
  end

  defp serve(scenario) do
    case IO.binread(:stdio, :line) do
      line when is_binary(line) -> line |> Jason.decode!() |> handle(scenario) |> serve()
      _end_of_input -> System.halt(0)
    end
  end

  defp handle(%{"type" => "start"}, scenario) do
    version = :tinkex |> Application.spec(:vsn) |> to_string()
    runtime = "Elixir #{System.version()}, OTP #{System.otp_release()}"
    Wire.say(Map.merge(@about, %{version: version, runtime: runtime}))
    scenario
  end

  defp handle(%{"type" => "run"} = run, _scenario), do: Scenario.start(run)

  defp handle(%{"type" => "go", "future" => future}, scenario) do
    send(scenario, {:go, future})
    scenario
  end
end
