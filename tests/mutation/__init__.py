"""Mutation testing: what the tests do not notice when a line of the kit is changed."""
