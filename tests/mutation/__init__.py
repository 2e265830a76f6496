"""Mutation testing: find changes of single lines that no test notices."""
