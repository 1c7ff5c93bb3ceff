"""`tao-agent NAME`: starts the server of that name.

Clients of the MCP registry can only run the command that is called like the package; this is that command.
"""

import gc
import sys
from importlib import import_module
from pathlib import Path

__all__ = ["main"]


def main() -> None:
    """Run the server that the first argument names, with the arguments after it."""
    gc.disable()
    program, *arguments = sys.argv
    names = sorted(path.parent.name for path in Path(__file__).parent.glob("*/__main__.py"))
    if not arguments or arguments[0] not in names:
        sys.stderr.write(f"Usage: tao-agent {'|'.join(names)} [OPTIONS]\n")
        sys.exit(2)
    name = arguments[0]
    sys.argv = [f"{program} {name}", *arguments[1:]]
    import_module(f"tao_servers.{name}").main()
