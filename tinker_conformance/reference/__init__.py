"""The executable reference: an SDK of the Tinker API that follows a profile."""
