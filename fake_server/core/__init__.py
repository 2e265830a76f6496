"""Values that every other package shares: errors, requests and replies, operations, faults, JSON."""
