"""Deletes a whole collection."""

import shutil

from tao_servers.knowledge.index.catalogue import open_catalogue
from tao_servers.knowledge.index.errors import EmptyStoreError, translated
from tao_servers.knowledge.index.locks import writer_lock
from tao_servers.knowledge.index.place import Place

__all__ = ["delete_collection"]


def delete_collection(place: Place, *, wait: float = 0.0) -> None:
    """Delete a collection with all its documents, vectors on a server included.

    Raises:
        EmptyStoreError: there is none.
        BusyStoreError: another process was still writing after `wait` seconds.
        StoreError: it cannot be deleted.
    """
    if not place.folder.is_dir():
        raise EmptyStoreError(f"There is no collection {place.name!r} in {str(place.store)!r}.")
    with translated(place.folder):
        with writer_lock(place.folder, seconds=wait):
            if place.server is not None:
                _drop_vectors(place)
            # At once for whoever looks; what a kill leaves of it is no collection any more.
            gone = place.folder.with_name(f".{place.folder.name}.gone")
            shutil.rmtree(gone, ignore_errors=True)
            place.folder.replace(gone)
        shutil.rmtree(gone)


def _drop_vectors(place: Place) -> None:
    with open_catalogue(place.catalogue, write=False) as catalogue:
        embedders = [catalogue.about("embedder"), catalogue.about("strong")]
    for embedder in embedders:
        if embedder is not None:
            place.drop_vectors(embedder)
