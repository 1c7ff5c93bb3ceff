"""Every prompt of Tao: Markdown files, one per prompt and language, with strict placeholders."""

from tao_prompts.loading import Language, PromptError, render

__all__ = ["Language", "PromptError", "render"]
