"""The generated pages of the documentation: `python -m tests.docs.generate` writes them all.

What comes in are the requirements, the profiles, the commands and the fake server of this project; what goes
out is one text per page. `tests/docs/test_generated.py` fails if a page is not what its function returns.
"""
