"""Files of all kinds to documents: found, recognised, decoded and read, within bounds."""

from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.finding import Files, find_files
from tao_servers.knowledge.loading.jobs import Job
from tao_servers.knowledge.loading.kinds import SUFFIXES
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.reading import read
from tao_servers.knowledge.loading.workers import Workers

__all__ = ["SUFFIXES", "Files", "Job", "Options", "RefusedError", "Workers", "find_files", "read"]
