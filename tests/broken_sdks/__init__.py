"""SDKs that are broken on purpose: for each requirement at least one that it catches.

Each is defined in the file of the chapter that must catch it, and is named after what it does. It declares
which requirements it breaks, and a piece of the mismatch that one of them must report.
"""
