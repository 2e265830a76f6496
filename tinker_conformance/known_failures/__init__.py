"""Known failures: what an SDK is known to get wrong, written down with a reason, and held to strictly.

A failure that an entry names does not fail the run. An entry that names nothing, or something that passes, is
an error: a file that nobody prunes would come to hide what it was never meant to hide. See
`docs/how-to/known-failures.md`.
"""
