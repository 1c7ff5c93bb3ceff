"""What a search says when it has found nothing, in the language of the question."""

from tao_prompts import Language
from tao_servers.knowledge.counting import counted

__all__ = ["nothing_found", "others_are_there"]

_NOTHING: dict[Language, str] = {
    # A small model hands on what it reads: this is an answer as well.
    "zh": "资料里没有与问题相关的内容（共 {of} 份文档）。换一种说法也许能查到。",
    "en": "Nothing relevant was found in {of}. Other words may find more.",
}
_WITHIN: dict[Language, str] = {
    "zh": "满足 where 的 {some} 份文档（共 {of} 份）里没有与问题相关的内容。放宽条件或换一种说法也许能查到。",
    "en": "Nothing relevant was found in the {some} that satisfy `where`, of {of}. Other conditions or words "
    "may find more.",
}
_OTHERS: dict[Language, str] = {
    "zh": "查的是文档集 {name!r}；还有：{others}（用 collection 指定）。",
    "en": "This searched the collection {name!r}; there are also: {others} (name one by collection).",
}


def nothing_found(language: Language, documents: int, satisfying: int | None) -> str:
    """What to say of so many documents, of which so many satisfied the conditions, if there were any."""
    if language == "zh":
        return (_NOTHING if satisfying is None else _WITHIN)["zh"].format(of=documents, some=satisfying)
    return (_NOTHING if satisfying is None else _WITHIN)["en"].format(
        of=counted(documents, "document"), some=counted(satisfying or 0, "document")
    )


def others_are_there(language: Language, name: str, others: list[str]) -> str:
    """Which collections were not searched."""
    joined = ("、" if language == "zh" else ", ").join(others)
    return _OTHERS[language].format(name=name, others=joined)
