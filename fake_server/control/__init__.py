"""For test suites in other languages: the control plane and the clock file."""
