defmodule TinkexConformance.MixProject do
  use Mix.Project

  def project do
    [
      app: :tinkex_conformance,
      version: "0.1.0",
      elixir: "~> 1.18",
      deps: [{:tinkex, "~> 0.4.0"}]
    ]
  end

  def application do
    [extra_applications: [:logger], mod: {TinkexConformance.Application, []}]
  end
end
