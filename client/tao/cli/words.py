"""What the command line says, in the language of the user's terminal: Chinese or English."""

import locale
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from tao_prompts import Language

__all__ = ["language", "language_of_locale", "speaking", "t"]

_CHINESE = Path(__file__).with_name("zh.toml")
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
_chosen: ContextVar[Language | None] = ContextVar("language of the interface", default=None)


def t(english: str, /, **values: object) -> str:
    """The text in the interface language; `{name}` in it stands for a value, `{{` and `}}` for a brace."""
    template = _chinese().get(english, english) if language() == "zh" else english
    return template.format(**values)


def language() -> Language:
    """The interface language: the one of `speaking`, else that of the process's locale."""
    return _chosen.get() or _language_of_process()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Within this block, the interface language is `language`."""
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


def language_of_locale(environ: Mapping[str, str], system: str | None = None) -> Language:
    """Chinese or English, by the first locale variable that is set, else by the system's own locale."""
    name = next((environ[variable] for variable in _VARIABLES if environ.get(variable)), system or "")
    # Windows writes the language out: "Chinese (Simplified)_China".
    return "zh" if name.lower().startswith(("zh", "chinese")) else "en"


@cache
def _language_of_process() -> Language:
    try:
        system = locale.getlocale()[0]
    except ValueError:
        # A locale that Python does not know, such as macOS's bare "UTF-8".
        system = None
    return language_of_locale(os.environ, system)


@cache
def _chinese() -> dict[str, str]:
    return tomllib.loads(_CHINESE.read_text(encoding="utf-8"))
