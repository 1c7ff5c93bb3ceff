"""Puts a call's arguments into the form that the tool's schema asks for, where nothing can be lost by it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["Correction", "coerced", "nearest", "normal", "required_of"]

_NEAR = 80.0
_DEPTH = 16
_SIGN = re.compile(r"[\W_]+")

Correction = str
"""What was changed beyond the form, in words for the model."""


def coerced(
    arguments: Mapping[str, Any], schema: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Correction]]:
    """The arguments in the schema's types, and what was guessed on the way.

    Changed silently: "3" to 3, 3 to "3", one value to a list of it, JSON text to what it spells, the case of
    an enum's value, an empty value left out. Told: a name or an enum's value that was only nearly right.
    """
    notes: list[Correction] = []
    return _object(arguments, schema, _definitions(schema), notes, _DEPTH), notes


def nearest(name: str, names: list[str]) -> str | None:
    """The one name that `name` is meant to be: equal but for case and signs, or spelled nearly so."""
    same = [one for one in names if normal(one) == normal(name)]
    if len(same) == 1:
        return same[0]
    if same or not name:
        return None
    from rapidfuzz import fuzz, process  # only a wrong name needs it

    found = process.extract(normal(name), {one: normal(one) for one in names}, scorer=fuzz.ratio, limit=2)
    if not found or found[0][1] < _NEAR or (len(found) > 1 and found[1][1] == found[0][1]):
        return None
    return str(found[0][2])


def normal(name: str) -> str:
    """A name without case and signs."""
    return _SIGN.sub("", name).casefold()


def required_of(schema: Mapping[str, Any]) -> list[str]:
    """The names of the required properties; some servers write `required: true`, which names none."""
    found = schema.get("required")
    return [name for name in found if isinstance(name, str)] if isinstance(found, list | tuple) else []


def _definitions(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found = schema.get("$defs") or schema.get("definitions")
    return found if isinstance(found, Mapping) else {}


def _object(
    value: Mapping[str, Any],
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    notes: list[Correction],
    depth: int,
) -> dict[str, Any]:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return dict(value)
    required = required_of(schema)
    others = schema.get("additionalProperties", False) is not False or bool(schema.get("patternProperties"))
    named = _named(value, properties, required, notes, others=others)
    result = {}
    for name, part in named.items():
        inner = properties.get(name)
        if not isinstance(inner, Mapping):
            result[name] = part
        elif not (_empty(part, inner, definitions) and name not in required):
            result[name] = _value(part, inner, definitions, notes, depth - 1)
    return result


def _named(
    value: Mapping[str, Any],
    properties: Mapping[str, Any],
    required: Sequence[str],
    notes: list[Correction],
    *,
    others: bool,
) -> dict[str, Any]:
    """The members under the schema's names; with `others` the schema says that it takes any name."""
    known = {name: part for name, part in value.items() if name in properties}
    strange = {name: part for name, part in value.items() if name not in properties}
    for name, part in strange.items():
        free = [one for one in properties if one not in known]
        missing = [one for one in required if one in free]
        meant = nearest(name, free) or (missing[0] if len(missing) == len(strange) == 1 else None)
        if others and meant not in missing and normal(meant or "") != normal(name):
            known[name] = part
        elif meant is None:
            notes.append(f"there is no parameter {name!r}; it was left out")
        else:
            known[meant] = part
            if normal(name) != normal(meant):
                notes.append(f"{name!r} was taken for {meant!r}")
    return known


def _value(
    value: Any,
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    notes: list[Correction],
    depth: int,
) -> Any:
    schema = _resolved(schema, definitions)
    if depth <= 0:
        return value
    if "enum" in schema:
        return _member(value, schema["enum"], notes)
    options = _options(schema)
    kinds = [
        kind for option in options if isinstance(kind := _resolved(option, definitions).get("type"), str)
    ]
    if not kinds or any(_is(value, kind) for kind in kinds):
        fitting = next((o for o in options if _is(value, str(_resolved(o, definitions).get("type")))), schema)
        return _inside(value, _resolved(fitting, definitions), definitions, notes, depth)
    for option in options:
        one = _resolved(option, definitions)
        changed = _as(value, str(one.get("type")))
        if changed is not None:
            return _inside(changed, one, definitions, notes, depth)
    return value


def _inside(
    value: Any,
    schema: Mapping[str, Any],
    definitions: Mapping[str, Any],
    notes: list[Correction],
    depth: int,
) -> Any:
    if isinstance(value, dict):
        return _object(value, schema, definitions, notes, depth)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, Mapping):
        return [_value(item, items, definitions, notes, depth - 1) for item in value]
    if "enum" in schema:
        return _member(value, schema["enum"], notes)
    return value


def _resolved(schema: Any, definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEPTH):
        reference = schema.get("$ref") if isinstance(schema, Mapping) else None
        if not isinstance(reference, str):
            break
        schema = definitions.get(reference.rsplit("/", 1)[-1], {})
    return schema if isinstance(schema, Mapping) else {}


def _options(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    for key in ("anyOf", "oneOf"):
        if isinstance(schema.get(key), list):
            return [option for option in schema[key] if isinstance(option, Mapping)]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS.get(kind, (object,)))


def _as(value: Any, kind: str) -> Any:
    """`value` as `kind`; None where it cannot stand for one."""
    if kind == "string":
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    if kind == "array":
        parsed = _parsed(value, list)
        return [value] if parsed is None and value is not None else parsed
    if kind == "object":
        return _parsed(value, dict)
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().casefold())
    if kind in ("integer", "number"):
        return _number(value, kind)
    return None


def _number(value: Any, kind: str) -> int | float | None:
    try:
        number = float(value) if isinstance(value, str | float) else None
        if number is None or number != number or number in (float("inf"), float("-inf")):
            return None
        if number.is_integer() and abs(number) < 2**53:
            return int(number)
    except (ValueError, OverflowError):
        return None
    return number if kind == "number" else None


def _parsed(value: Any, kind: type) -> Any:
    if not isinstance(value, str) or value.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, kind) else None


def _member(value: Any, members: Any, notes: list[Correction]) -> Any:
    if not isinstance(members, list) or value in members:
        return value
    texts = {str(member): member for member in members}
    meant = nearest(str(value), list(texts))
    if meant is None:
        return value
    if normal(meant) != normal(str(value)):
        notes.append(f"{value!r} was taken for {meant!r}")
    return texts[meant]


def _empty(value: Any, schema: Any, definitions: Mapping[str, Any]) -> bool:
    """Whether an optional value says nothing: null or "" where neither is a value of that kind."""
    if value is not None and value != "":
        return False
    options = [_resolved(option, definitions) for option in _options(_resolved(schema, definitions))]
    kinds = [kind for option in options if isinstance(kind := option.get("type"), str)]
    return bool(kinds) and not any(_is(value, kind) for kind in kinds)
