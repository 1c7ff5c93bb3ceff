"""JSON: records one by one, other values as lines of `key: value` under the path to them."""

import json
from collections.abc import Iterator
from typing import Any

from tao_servers.knowledge.document import Document
from tao_servers.knowledge.loading.encodings import Decoded, decode
from tao_servers.knowledge.loading.limits import check_length
from tao_servers.knowledge.loading.options import Options
from tao_servers.knowledge.loading.outline import Outline

__all__ = ["read"]

_TEXTS = ("text", "content", "contents", "body", "passage", "document", "正文", "内容", "內容", "文本")
_TITLES = ("title", "标题", "標題", "题目", "題目")
_TOLD = 3
# A heading is embedded with each chunk under it, whose own text has to find room as well.
_LONGEST_HEADING = 200
# Databases and data sets number their rows by it: nobody asks for that number, and any text may hold it.
_ROW = "_id"


def read(data: bytes, *, name: str, options: Options) -> Document:
    """Read JSON or JSON lines, told apart by trying; what is neither stays as it is, and `unread` says why.

    `name` decides only where both would do.
    """
    decoded = decode(data)
    text = check_length(decoded.text, options)
    by_line = name.lower().endswith((".jsonl", ".ndjson"))
    try:
        value = None if by_line else _parse(text)
    except RecursionError:
        return _as_it_is(decoded, "it is nested too deeply, and was read as plain text")
    except ValueError as exc:
        if not _has_records(text):
            return _as_it_is(decoded, f"it is not valid JSON ({exc}), and was read as plain text")
        by_line = True
    if by_line:
        return _of_lines(decoded, options)
    try:
        return _of_value(value, decoded.unread, options)
    except RecursionError:
        return _as_it_is(decoded, "it is nested too deeply, and was read as plain text")


def _parse(text: str) -> Any:
    # Numbers stay as they are written, whatever their length.
    return json.loads(text, parse_int=str, parse_float=str)


def _as_it_is(decoded: Decoded, reason: str) -> Document:
    return Document(decoded.text, form="code", language="json", unread=(*decoded.unread, reason))


def _has_records(text: str) -> bool:
    first = next((line for line in text.split("\n") if line.strip()), "")
    try:
        return isinstance(_parse(first), dict) and "\n" in text.strip()
    except (ValueError, RecursionError):
        return False


def _of_lines(decoded: Decoded, options: Options) -> Document:
    outline = Outline(options.max_chars)
    broken: list[int] = []
    for number, line in enumerate(decoded.text.split("\n"), start=1):
        if line.strip():
            outline.part(number)
            try:
                _add(_parse(line), outline)
            except (ValueError, RecursionError):
                broken.append(number)
                outline.no_heading()
                outline.add(line)
    unread = decoded.unread
    if broken:
        lines = ", ".join(map(str, broken[:_TOLD])) + (", ..." if len(broken) > _TOLD else "")
        unread += (f"{len(broken)} lines are not valid JSON, and were read as plain text: {lines}",)
    return outline.document("records", unread)


def _of_value(value: Any, unread: tuple[str, ...], options: Options) -> Document:
    outline = Outline(options.max_chars)
    head, records = _table_within(value)
    if records is None:
        _tell(value, (), outline)
        return outline.document("text", unread)
    if head:
        outline.part()
        _add(head, outline)
    for record in records:
        outline.part()
        _add(record, outline)
    return outline.document("records", unread)


def _table_within(value: Any) -> tuple[dict[str, Any], list[Any] | None]:
    """The list of records that `value` is, or that it holds beside some plain fields, and these fields."""
    if _is_table(value):
        return {}, value
    if isinstance(value, dict):
        nested = [key for key, item in value.items() if isinstance(item, dict | list)]
        if len(nested) == 1 and _is_table(value[nested[0]]):
            return {key: item for key, item in value.items() if key != nested[0]}, value[nested[0]]
    return {}, None


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _add(value: Any, outline: Outline) -> None:
    """Add a record, with its title as the heading of all of it."""
    title, text = _named(value)
    if title is not None and text is not None and 0 < len(value[title].strip()) <= _LONGEST_HEADING:
        outline.heading(value[title], level=1)
        value = {key: item for key, item in value.items() if key != title}
    else:
        outline.no_heading()
    outline.extend(_record(value))


def _record(value: Any) -> Iterator[str]:
    """A record in words: title and text first, then what else there is."""
    if not isinstance(value, dict):
        yield from _fields(value, "")
        return
    title, text = _named(value)
    taken = {key for key in (title, text) if text is not None and key is not None}
    yield from (value[key] for key in (title, text) if key in taken and value[key].strip())
    yield from _fields({key: item for key, item in value.items() if key not in (*taken, _ROW)}, "")


def _named(record: Any) -> tuple[str | None, str | None]:
    """The keys of its title and its text, where it has them."""
    if not isinstance(record, dict):
        return None, None
    return _first(record, _TITLES), _first(record, _TEXTS)


def _first(record: dict[str, Any], names: tuple[str, ...]) -> str | None:
    keys = {key.lower(): key for key in record}
    found = (keys[name] for name in names if name in keys)
    return next((key for key in found if isinstance(record[key], str)), None)


def _fields(value: Any, path: str) -> Iterator[str]:
    """`path.to.key: value`, a line each; what is empty says nothing."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _fields(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        plain = [_plain(item) for item in value if not isinstance(item, dict | list)]
        if any(plain):
            yield _pair(path, ", ".join(filter(None, plain)))
        for item in value:
            if isinstance(item, dict | list):
                yield from _fields(item, path)
    elif _plain(value):
        yield _pair(path, _plain(value))


def _pair(path: str, text: str) -> str:
    return f"{path}: {text}" if path else text


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _tell(value: Any, path: tuple[str, ...], outline: Outline) -> None:
    """Plain fields first, then each larger value under a heading that is the path to it."""
    if path:
        outline.heading(" > ".join(path), len(path))
    if _is_table(value):
        for item in value:
            outline.extend(_record(item))
            outline.add("")
        return
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    large = [(str(key), item) for key, item in items if _is_large(item)]
    small = _without(value, {key for key, _ in large})
    outline.extend(_fields(small, ""))
    for key, item in large:
        _tell(item, (*path, key), outline)


def _without(value: Any, keys: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if key not in keys}
    if isinstance(value, list):
        return [item for index, item in enumerate(value) if str(index) not in keys]
    return value


def _is_large(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value)
    return isinstance(value, list) and any(isinstance(item, dict) or _is_large(item) for item in value)
