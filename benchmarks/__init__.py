"""How fast the kit is, beside what others use: ``make bench``."""
