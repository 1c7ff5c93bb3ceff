"""What the conformance tests share."""

from tests.support.hosts_fixtures import processes, programs

__all__ = ["processes", "programs"]
