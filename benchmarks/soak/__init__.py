"""One server for an hour of virtual time, faults mixed in: ``make soak``."""
