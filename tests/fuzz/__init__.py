"""A fuzzer of what reads bytes and text from others: ``python -m tests.fuzz``."""
