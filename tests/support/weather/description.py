"""Holds requests and replies against an OpenAPI description of a service that is asked with GET."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator  # type: ignore[import-untyped, unused-ignore]

__all__ = ["Description", "parameters_of"]


def parameters_of(document: Mapping[str, Any], path: str) -> dict[str, Mapping[str, Any]]:
    """The parameters of GET `path` by their names."""
    found = {}
    for parameter in document["paths"][path]["get"]["parameters"]:
        whole = _resolved(document, parameter)
        found[whole["name"]] = whole
    return found


class Description:
    """An OpenAPI 3.1 document; what does not keep to it is told in words."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    @classmethod
    def read(cls, file: Path) -> "Description":
        """Read a YAML file."""
        import yaml  # type: ignore[import-untyped, unused-ignore]

        return cls(yaml.safe_load(file.read_text(encoding="utf-8")))

    def wrong_in_request(self, url: httpx.URL) -> list[str]:
        """What a GET of `url` does that is not described: address, names, repeats, values."""
        item = self.document["paths"].get(url.path)
        if item is None:
            return [f"{url.path} is not described"]
        wrong = []
        hosts = [server["url"] for server in item.get("servers", ())]
        if hosts and f"{url.scheme}://{url.host}" not in hosts:
            wrong.append(f"{url.scheme}://{url.host} is none of {hosts}")
        known = parameters_of(self.document, url.path)
        given = url.params.multi_items()
        names = [name for name, _ in given]
        wrong += [f"{name} is given twice" for name in {n for n in names if names.count(n) > 1}]
        wrong += [
            f"{name} is missing" for name, one in known.items() if one.get("required") and name not in names
        ]
        for name, text in given:
            wrong += self._wrong_in_value(known[name], text) if name in known else [f"{name} is unknown"]
        return wrong

    def _wrong_in_value(self, parameter: Mapping[str, Any], text: str) -> list[str]:
        schema = parameter["schema"]
        try:
            value = _read(schema.get("type"), text)
        except ValueError:
            return [f"{parameter['name']}: {text!r} is no {schema['type']}"]
        return [f"{parameter['name']}: {error}" for error in self._errors(schema, value)]

    def wrong_in_reply(self, path: str, status: int, reply: object) -> list[str]:
        """What a reply to GET `path` holds that is not described."""
        described = self.document["paths"][path]["get"]["responses"].get(str(status))
        if described is None:
            return [f"status {status} is not described"]
        content = _resolved(self.document, described)["content"]["application/json"]
        return self._errors(content["schema"], reply)

    def _errors(self, schema: Mapping[str, Any], value: object) -> list[str]:
        # The components stand beside the schema, so that its references find them.
        whole = {"components": self.document.get("components", {}), **schema}
        validator = Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def _resolved(document: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in value:
        return value
    found: Any = document
    for name in value["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(document, found)


def _read(kind: str | None, text: str) -> object:
    if kind == "integer":
        return int(text)
    if kind == "number":
        return float(text)
    return text.split(",") if kind == "array" else text
