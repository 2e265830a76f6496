"""The engine on a loopback socket: accept, parse, limit, write."""
