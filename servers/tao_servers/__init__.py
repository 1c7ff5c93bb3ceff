"""MCP tool servers. Each sub-package is one server; `serving` is what they share."""
