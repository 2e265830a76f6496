"""Every way to move the clocks that an SDK sees: frozen, clock file, libfaketime, wall."""
