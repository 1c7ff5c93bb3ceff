"""Writes the schemas that follow from tao/events.py: `python docs/schemas/generate.py`."""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DataclassField, ModelField, TypedDictField

from tao.events import SCHEMA_VERSION, Answer, Event

__all__ = ["generated", "write"]


class _Written(GenerateJsonSchema):
    """Describes what Tao writes: there, a field that has a default is never left out."""

    def field_is_required(self, field: ModelField | DataclassField | TypedDictField, total: bool) -> bool:
        return True


def generated() -> dict[str, str]:
    """The text of each generated file, by its name."""
    return {
        "answer.schema.json": _text("Answer", TypeAdapter(Answer)),
        "event.schema.json": _text("Event", TypeAdapter(Event)),
    }


def write(folder: Path) -> None:
    """Write the generated files into `folder`."""
    for name, text in generated().items():
        (folder / name).write_text(text, encoding="utf-8")


def _text(title: str, adapter: TypeAdapter[Any]) -> str:
    head = {"$schema": _Written.schema_dialect, "title": title, "x-schema-version": SCHEMA_VERSION}
    schema = adapter.json_schema(mode="serialization", schema_generator=_Written)
    return json.dumps(head | schema | {"title": title}, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    write(Path(__file__).parent)
