"""Which of our environment variables a server's process gets."""

import re
from collections.abc import Mapping

from tao.toolbox.config import ServerEntry

__all__ = ["server_environment"]

# The MCP SDK passes on HOME, PATH and a few more, and nothing that says where data lives or how to reach the
# outside; without these a server would read other folders than the command line does. A key is passed on to
# nobody: a server that needs one names it in the `env` of its entry.
_PASSED_ON = re.compile(
    r"XDG_\w+_(?:HOME|DIRS)|TAO_\w+(?<!_KEY)|\w+_PROXY|SSL_CERT_\w+|OMP_\w+|LANG|LC_\w+|VIRTUAL_ENV|PYTHONUTF8",
    re.IGNORECASE,
)


def server_environment(entry: ServerEntry, environ: Mapping[str, str]) -> dict[str, str]:
    """What to add to the SDK's own minimum; the entry's `env` wins."""
    passed = {name: value for name, value in environ.items() if _PASSED_ON.fullmatch(name)}
    return passed | entry.env
