"""The subcommands of `tinker-conformance`, one file each.

Command-line arguments go in; terminal output and an exit code come out. This package exports nothing, so that
the signal handlers are installed before any slow import. `tinker_conformance.cli` imports each file.
"""

import sys

from tinker_conformance._fake_server import check_fake_server

try:
    check_fake_server()
except ImportError as error:
    # Exit code 1 would say that an SDK failed; 2 is `Exit.USAGE`, which cannot be imported here.
    sys.stderr.write(f"Error: {error}\n")
    raise SystemExit(2) from error
