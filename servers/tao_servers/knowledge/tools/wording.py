"""What a search says when it has found nothing, in the language of the question."""

from tao_prompts import Language

__all__ = ["nothing_found", "others_are_there"]

_NOTHING: dict[Language, str] = {
    "zh": "在 {of} 份文档中没有找到与问题相关的内容。请如实说资料里没有，或换一种说法再查。",
    "en": "Nothing relevant was found in {of}. Say that the documents do not have it, or ask in other words.",
}
_WITHIN: dict[Language, str] = {
    "zh": "满足 where 的 {some} 份文档（共 {of} 份）中没有找到与问题相关的内容。"
    "请如实说没有，或放宽条件、换一种说法再查。",
    "en": "Nothing relevant was found in the {some} that satisfy `where`, of {of}. Say that they do not "
    "have it, or ask with other conditions or words.",
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
        of=_documents(documents), some=_documents(satisfying or 0)
    )


def others_are_there(language: Language, name: str, others: list[str]) -> str:
    """Which collections were not searched."""
    joined = ("、" if language == "zh" else ", ").join(others)
    return _OTHERS[language].format(name=name, others=joined)


def _documents(number: int) -> str:
    return f"{number:,} document{'' if number == 1 else 's'}"
