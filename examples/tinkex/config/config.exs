import Config

# Standard output is the protocol's.
config :logger, :default_handler, config: [type: :standard_error]

config :tinkex,
  # Its pools are started for this address; a run names another, which is loopback too.
  base_url: "http://127.0.0.1:1",
  # A moved clock would make heartbeats and reports of its own come due, between the requests of a script.
  heartbeat_interval_ms: 4_000_000_000,
  telemetry_enabled?: false
