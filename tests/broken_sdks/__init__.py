"""SDKs that are broken on purpose: for each requirement at least one that it catches.

Each stands in the file of the chapter that must catch it, is named by what it does, and declares which
requirements it breaks and what one of them must say of it.
"""
