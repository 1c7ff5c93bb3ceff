"""What the commands of `tao-knowledge` share: which collection is meant, and how they fail."""

import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tao.errors import ConfigError, ModelError
from tao.settings import KnowledgeSettings, Settings, data_dir
from tao_servers.serving.settings import read_settings

if TYPE_CHECKING:
    from tao_servers.knowledge.index import Place

__all__ = ["INTERRUPTED", "Chosen", "default_store", "in_a_store", "on_a_collection"]

INTERRUPTED = 130


@dataclass(frozen=True)
class Chosen:
    """The store and the collection that a command is about, by its options or the settings."""

    settings: Settings
    store: Path
    collection: str

    @property
    def knowledge(self) -> KnowledgeSettings:
        """The settings of this server."""
        return self.settings.knowledge

    @property
    def place(self) -> "Place":
        """Where the collection lives.

        Raises:
            ConfigError: the settings of its Chroma server are wrong.
        """
        from tao_servers.knowledge.opening import place

        return place(self.knowledge, self.store, self.collection)


def default_store() -> Path:
    """The store that is meant when nothing names one."""
    return data_dir() / "knowledge"


def in_a_store(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option `--store`, what is chosen by it, and its errors one line on stderr."""

    @click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the collections, instead of TAO_KNOWLEDGE_PATH or the one in the data folder.",
    )
    @click.pass_context
    @functools.wraps(command)
    def wrapped(
        context: click.Context, /, store: Path | None, collection: str | None = None, **arguments: Any
    ) -> None:
        context.obj = _chosen(context.obj, store, collection)
        with _told():
            command(context.obj, **arguments)

    return wrapped


def on_a_collection(command: Callable[..., None]) -> Callable[..., None]:
    """As `in_a_store`, with the option `--collection`."""
    return click.option(
        "--collection",
        metavar="NAME",
        help="Which collection, in any language, instead of TAO_KNOWLEDGE_COLLECTION.",
    )(in_a_store(command))


def _chosen(before: Chosen | None, store: Path | None, collection: str | None) -> Chosen:
    settings = before.settings if before else read_settings()
    folder = store or (before.store if before else settings.knowledge.path or default_store())
    name = before.collection if before else settings.knowledge.collection
    if collection is not None:
        # Also when it is empty, as where a variable of a script is not set: it must not mean another one.
        name = collection
    if not name.strip() or not name.isprintable():
        raise click.UsageError(
            f"{name!r} is no name for a collection. Give one such as notes (--collection)."
        )
    return Chosen(settings, Path(os.path.expanduser(folder)).absolute(), name.strip())


class _WrongSettings(click.ClickException):
    exit_code = 2


class _ModelFailed(click.ClickException):
    exit_code = 3


@contextmanager
def _told() -> Iterator[None]:
    from tao_servers.knowledge.index.errors import StoreError
    from tao_servers.knowledge.ingesting.errors import TargetError, WatchError

    try:
        yield
    except TargetError as exc:
        raise click.UsageError(str(exc)) from exc
    except ConfigError as exc:
        raise _WrongSettings(str(exc)) from exc
    except ModelError as exc:
        raise _ModelFailed(str(exc)) from exc
    except (StoreError, WatchError) as exc:
        raise click.ClickException(str(exc)) from exc
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
