"""The subcommands of `tinker-conformance`, a file each."""
