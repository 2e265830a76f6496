"""Pure comparison of timelines.

A check takes a `Case` (the timelines of the SDK and of the reference) and gives every `Mismatch`. Most checks
compare a projection: the part of each timeline that one requirement is about.
"""
