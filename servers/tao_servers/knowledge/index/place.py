"""Where a collection lives: a folder of the store, and the vectors there or on a Chroma server."""

import shutil
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.knowledge.index.catalogue import open_catalogue
from tao_servers.knowledge.index.chroma_names import safe_name
from tao_servers.knowledge.index.schema import is_being_made
from tao_servers.knowledge.index.vectors import ChromaServer, Vectors, open_chroma, open_chroma_server

__all__ = ["Place", "places"]

_FOLDER = "collections"
_CATALOGUE = "catalogue.sqlite"


@dataclass(frozen=True, slots=True)
class Place:
    """The collection `name` in the folder `store`; with a `server`, its vectors are kept there."""

    store: Path
    name: str = "default"
    server: ChromaServer | None = field(default=None, repr=False)

    @property
    def folder(self) -> Path:
        """The collection's own folder."""
        return self.store / _FOLDER / safe_name(self.name)

    @property
    def catalogue(self) -> Path:
        """The file of its catalogue."""
        return self.folder / _CATALOGUE

    @property
    def words(self) -> Path:
        """The folder of its keyword index."""
        return self.folder / "words"

    def vectors(self, embedder: str, *, write: bool) -> AbstractContextManager[Vectors]:
        """Open the vectors that the embedder of this name made, as `open_chroma` does, with its errors."""
        if self.server is not None:
            # Other stores may be on the same server, whose collections have the same names and chunk ids.
            with open_catalogue(self.catalogue, write=False) as catalogue:
                owner = catalogue.about("id")
            return open_chroma_server(self.server, f"{self.name}|{embedder}|{owner}", write=write)
        return open_chroma(self.folder / "vectors" / safe_name(embedder), "passages", write=write)

    def drop_vectors(self, embedder: str) -> None:
        """Delete the vectors that the embedder of this name made."""
        if self.server is not None:
            with self.vectors(embedder, write=True) as vectors:
                vectors.delete(list(vectors.ids()))
            return
        folder = self.folder / "vectors" / safe_name(embedder)
        # At once for whoever looks; and what a kill leaves of it is never taken for vectors.
        gone = folder.with_name(f"{folder.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        with suppress(FileNotFoundError):
            folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)


def places(store: Path) -> list[Path]:
    """The catalogues of all collections in the folder `store`, less those that are just being made."""
    found = sorted((store / _FOLDER).glob(f"*/{_CATALOGUE}"))
    return [catalogue for catalogue in found if not is_being_made(catalogue)]
