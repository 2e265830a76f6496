"""The program `tinker-conformance`, and `python -m tinker_conformance`.

The imports at the top are fast. The rest of the kit takes a quarter of a second to import, so `main` first
installs the signal handlers and an output that does not fail when its reader has gone.
"""

from __future__ import annotations

import gc
import sys
from typing import Final

from tinker_conformance.commands.early_exit import exit_at_signals
from tinker_conformance.commands.output import Output

_VERDICTS: Final = frozenset({0, 1, 3, 6})
_USAGE: Final = 2
_KIT: Final = 5


def main() -> None:
    """Run the command in `sys.argv`, and exit with a code of `docs/reference/exit-codes.md`."""
    exit_at_signals()
    output = Output()
    output.install()
    code = _code()
    lost = output.lost
    if lost is not None:
        sys.stderr.write(f"Error: standard output could not be written ({lost}); send it somewhere else\n")
        code = _USAGE if code in _VERDICTS else code
    sys.stderr.flush()
    sys.exit(code)


def _code() -> int:
    """Run the command and return its exit code."""
    # Nothing that is imported is garbage, and to look for some takes a tenth of the start.
    gc.disable()
    try:
        from tinker_conformance import cli  # noqa: PLC0415 - slow, with the handlers in place

        gc.freeze()
        gc.enable()
        cli.main(prog_name="tinker-conformance")
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0 if error.code is None else _KIT
    except ImportError as error:
        sys.stderr.write(f"Error: the kit cannot be imported ({error}); reinstall tinker-conformance\n")
    return _KIT


if __name__ == "__main__":
    main()
