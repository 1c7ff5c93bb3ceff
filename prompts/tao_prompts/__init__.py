"""Every prompt of Tao: Markdown files, one per prompt and language, with strict placeholders."""

from tao_prompts.language import Language, language_of
from tao_prompts.loading import PromptError, render, sections

__all__ = ["Language", "PromptError", "language_of", "render", "sections"]
