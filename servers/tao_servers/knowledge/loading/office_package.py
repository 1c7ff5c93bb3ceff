"""Opens the zip archive that a docx, pptx or xlsx file is, and follows the relations of its parts."""

import io
import posixpath
import zipfile
import zlib
from typing import Any, Self
from urllib.parse import unquote

from tao_servers.knowledge.loading.errors import RefusedError
from tao_servers.knowledge.loading.limits import check_archive
from tao_servers.knowledge.loading.markup import local, parse_xml
from tao_servers.knowledge.loading.options import Options

__all__ = ["Package", "check_container"]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def check_container(data: bytes, kind: str) -> None:
    """Refuse what cannot be a zip-based office file of the suffix `kind`.

    Raises:
        RefusedError: it is empty, protected, in the old format, or something else.
    """
    if not data:
        raise RefusedError("it is empty")
    if data.startswith(_OLE):
        if _ENCRYPTED in data:
            raise RefusedError("it is protected by a password; save it without one")
        raise RefusedError(f"it is in the format of Office before 2007; save it as {kind}")
    if not data.startswith(b"PK"):
        raise RefusedError(
            f"it is no {kind} file by its content; give it the suffix that fits, or save it anew"
        )


class Package:
    """The parts of an office file, by name.

    Raises:
        RefusedError: from any method: the file is damaged or too large.
    """

    def __init__(self, data: bytes, options: Options, *, kind: str) -> None:
        check_container(data, kind)
        check_archive(data, options)
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._names = {name.lower(): name for name in self._archive.namelist()}
        self._limit = options.max_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def bytes(self, name: str) -> bytes | None:
        """Unpack the part `name`; None: there is none."""
        found = self._names.get(name.lower())
        if found is None:
            return None
        if self._archive.getinfo(found).file_size > self._limit:
            raise RefusedError(f"its part {found[-80:]!r} is too large")
        try:
            return self._archive.read(found)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
            raise RefusedError(f"it is damaged: its part {found[-80:]!r} cannot be unpacked") from exc

    def xml(self, name: str) -> Any:
        """Parse the part `name`; None: there is none."""
        data = self.bytes(name)
        if not data:
            return None
        try:
            return parse_xml(data)
        except ValueError as exc:
            raise RefusedError(f"it is damaged: its part {name[-80:]!r} is {exc}") from exc

    def relations(self, name: str = "") -> dict[str, tuple[str, str]]:
        """Return what the part `name` refers to, as id -> (kind, name of the part); empty name: the file."""
        folder, base = posixpath.split(name)
        root = self.xml(posixpath.join(folder, "_rels", f"{base}.rels"))
        found: dict[str, tuple[str, str]] = {}
        for node in root if root is not None else ():
            if local(node) != "Relationship" or node.get("TargetMode") == "External":
                continue
            target = unquote(node.get("Target", ""))
            joined = target[1:] if target.startswith("/") else posixpath.join(folder, target)
            kind = node.get("Type", "").rpartition("/")[2]
            found[node.get("Id", "")] = kind, posixpath.normpath(joined)
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """Return the names of the parts of `kind` that the part `name` refers to."""
        return [part for what, part in self.relations(name).values() if what == kind]

    def main(self, kind: str, expected: str) -> tuple[str, Any]:
        """Return the name and the XML of the part that the file is about, whose root is named `expected`."""
        for name in self.related("", "officeDocument"):
            root = self.xml(name)
            if root is not None and local(root) == expected:
                return name, root
        raise RefusedError(f"it is no {kind} file by its content, but another zip archive")

    def properties(self) -> dict[str, str]:
        """Return title, author, created and modified, those that the file tells."""
        names = {"title": "title", "creator": "author", "created": "created", "modified": "modified"}
        found: dict[str, str] = {}
        for part in self.related("", "core-properties"):
            root = self.xml(part)
            for node in root if root is not None else ():
                field, text = names.get(local(node)), (node.text or "").strip()
                if field and text:
                    found[field] = text
        return found
