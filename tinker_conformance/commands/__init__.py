"""The subcommands of `tinker-conformance`, a file each.

Arguments of a command line go in; text for a terminal and an exit code come out. Nothing is exported, so that
the handlers of signals are in place before anything heavy: `tinker_conformance.cli` imports each file.
"""

import sys

from tinker_conformance._fake_server import ForeignFakeServerError, check_fake_server

try:
    check_fake_server()
except ForeignFakeServerError as error:
    # Exit code 1 would say that an SDK failed; 2 is `Exit.USAGE`, which cannot be imported here.
    sys.stderr.write(f"Error: {error}\n")
    raise SystemExit(2) from error
