"""The official SDK: its adapter, and an environment for each of its releases."""
