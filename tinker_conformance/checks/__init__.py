"""Pure comparison of timelines: facts, pause lines, projections."""
