"""How the kit reaches an SDK under test."""
