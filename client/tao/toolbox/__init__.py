"""MCP sessions, one owner task per server, and what is wrapped round a call."""

from tao.toolbox.approval import Approval, Approver
from tao.toolbox.cache import ToolListCache
from tao.toolbox.checked import Checked
from tao.toolbox.config import ServerEntry, find_config, load_servers
from tao.toolbox.kept import Kept
from tao.toolbox.primary import Primary, primary
from tao.toolbox.repeats import NoRepeats
from tao.toolbox.servers import Servers
from tao.toolbox.tool import Passage, Toolbox, ToolResult, ToolSpec

__all__ = [
    "Approval",
    "Approver",
    "Checked",
    "Kept",
    "NoRepeats",
    "Passage",
    "Primary",
    "ServerEntry",
    "Servers",
    "ToolListCache",
    "ToolResult",
    "ToolSpec",
    "Toolbox",
    "find_config",
    "load_servers",
    "primary",
]
