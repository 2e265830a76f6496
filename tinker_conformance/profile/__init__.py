"""Behaviour as data: the profiles, their choices, their files, and which release shows which."""
