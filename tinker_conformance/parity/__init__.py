"""Parity: whether the reference lives every script as a published SDK does, event by event."""
