"""One database as the settings name it: where it is, what of it may be read, and how much."""

from dataclasses import dataclass, field
from pathlib import Path

from tao_servers.text2sql.limits import Limits

__all__ = ["Database"]


@dataclass(frozen=True, slots=True)
class Database:
    """A database by the name that tools know it by.

    `address` is an SQLAlchemy URL with its password, or the path of a file. `schemas` and `tables` are
    patterns such as `sales`, `orders` or `sales.*`, empty for all; `hidden` has columns such as
    `customers.phone` or `*.password`; `functions` are further ones that a statement may call. `comments` is a
    sidecar YAML file. `problem` says why the database cannot be opened, when that is known already.
    """

    name: str
    address: str = field(repr=False)
    comments: Path | None = None
    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    connections: int = 5
    problem: str | None = None
