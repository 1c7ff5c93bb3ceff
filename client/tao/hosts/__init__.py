"""Other MCP hosts: what their configuration looks like, where it lies, how ours gets in and out of it."""

from tao.hosts.catalog import HOSTS, Host, host_file
from tao.hosts.entries import absolute, over_http
from tao.hosts.forms import Block, host_block
from tao.hosts.merging import Change, remove_block, render_block, write_block

__all__ = [
    "HOSTS",
    "Block",
    "Change",
    "Host",
    "absolute",
    "host_block",
    "host_file",
    "over_http",
    "remove_block",
    "render_block",
    "write_block",
]
