"""A project that trains and samples with Tinker."""
