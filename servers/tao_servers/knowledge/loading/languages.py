"""Programming languages, by the names that tree-sitter's grammars have."""

from pathlib import PurePath

__all__ = ["LANGUAGES", "NAMES", "language_of"]

_SUFFIXES = {
    "bash": ".bash .sh .zsh",
    "c": ".c .h",
    "clojure": ".clj",
    "cmake": ".cmake",
    "cpp": ".cc .cpp .cxx .hh .hpp .hxx",
    "csharp": ".cs",
    "css": ".css .less .scss",
    "cuda": ".cu .cuh",
    "dart": ".dart",
    "dockerfile": ".dockerfile",
    "elixir": ".ex .exs",
    "erlang": ".erl",
    "fortran": ".f90",
    "go": ".go",
    "graphql": ".graphql",
    "groovy": ".gradle .groovy",
    "haskell": ".hs",
    "hcl": ".hcl .tf",
    "ini": ".cfg .conf .ini",
    "java": ".java",
    "javascript": ".cjs .js .jsx .mjs",
    "julia": ".jl",
    "kotlin": ".kt .kts",
    "latex": ".tex",
    "lua": ".lua",
    "make": ".mk",
    "objc": ".m .mm",
    "ocaml": ".ml",
    "perl": ".pl .pm",
    "php": ".php",
    "powershell": ".ps1 .psm1",
    "properties": ".properties",
    "proto": ".proto",
    "python": ".py .pyi .pyx",
    "r": ".r",
    "ruby": ".rb",
    "rust": ".rs",
    "scala": ".scala",
    "sql": ".sql",
    "svelte": ".svelte",
    "swift": ".swift",
    "toml": ".toml",
    "tsx": ".tsx",
    "typescript": ".cts .mts .ts",
    "vue": ".vue",
    "xml": ".xml .xsd .xsl",
    "yaml": ".yaml .yml",
    "zig": ".zig",
}
NAMES = {
    "cmakelists.txt": "cmake",
    "containerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "jenkinsfile": "groovy",
    "makefile": "make",
    "rakefile": "ruby",
}
"""Names of files, in lower case, that tell the language by themselves."""

LANGUAGES = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
"""Suffix to language."""


def language_of(name: str) -> str | None:
    """The language of the file `name`, or None if it is no program code."""
    path = PurePath(name)
    return NAMES.get(path.name.lower()) or LANGUAGES.get(path.suffix.lower())
