"""How timelines are judged: facts, checks, verdicts."""
