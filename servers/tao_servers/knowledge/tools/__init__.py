"""What the server offers: its tools, resources and prompt, and the collections that they are about."""

from tao_servers.knowledge.tools.adding import Desk
from tao_servers.knowledge.tools.library import Library
from tao_servers.knowledge.tools.listing import add_list_sources
from tao_servers.knowledge.tools.prompting import add_answer_prompt
from tao_servers.knowledge.tools.reading import add_read_source
from tao_servers.knowledge.tools.resources import add_resources
from tao_servers.knowledge.tools.searching import add_search_knowledge

__all__ = [
    "Desk",
    "Library",
    "add_answer_prompt",
    "add_list_sources",
    "add_read_source",
    "add_resources",
    "add_search_knowledge",
]
