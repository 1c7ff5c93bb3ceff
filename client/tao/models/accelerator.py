"""Runs models of torch: the device, the precision, and batches that fit into its memory."""

import logging
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from tao.errors import ConfigError, ModelError
from tao.models.loading import LOADER_LOCK, load
from tao.models.openai_failures import plain

__all__ = ["Batches", "choose_device", "load_model", "settle", "widen"]

R = TypeVar("R")

# A GPU needs many tokens at once to be busy; on a CPU, larger batches only take more memory.
_TOKENS_ON_GPU = 65_536
_TOKENS_ON_CPU = 4_096


def choose_device(wanted: str | None = None) -> str:
    """`wanted`, or the best there is: cuda, mps or cpu.

    Raises:
        ConfigError: torch does not know or does not see it.
    """
    torch = load("torch", extra="st")
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if wanted is None:
        return next((name for name, seen in there.items() if seen), "cpu")
    try:
        kind = torch.device(wanted).type
    except RuntimeError as exc:
        raise ConfigError(f"{wanted!r} is no device of torch. Give cuda, mps or cpu.") from exc
    if not there.get(kind, True):
        raise ConfigError(
            f"torch {torch.__version__} sees no device {wanted!r}. Leave the device out, or install a "
            "build of torch for it."
        )
    return wanted


def load_model(make: Callable[[Any], Any], *, source: str) -> Any:
    """`make(sentence_transformers)`, one model at a time and without a word of the libraries.

    Raises:
        ConfigError: the weights cannot be loaded.
    """
    with LOADER_LOCK:
        library = load("sentence_transformers", extra="st")
        with _quiet():
            try:
                return make(library)
            except ConfigError:
                raise
            except Exception as exc:
                raise ConfigError(
                    f"The model {source!r} cannot be loaded: {plain(str(exc)) or type(exc).__name__}. Get "
                    "its weights again; one that brings code of its own is not run here: serve it behind an "
                    "endpoint."
                ) from exc


def settle(model: Any, device: str) -> None:
    """Half precision on CUDA, full precision elsewhere, where half is slower or not there."""
    if not device.startswith("cuda"):
        model.float()
    elif str(next(model.parameters()).dtype) != "torch.bfloat16":
        # A model trained in bfloat16 overflows in float16.
        model.half()
    model.eval()


def widen(model: Any) -> bool:
    """Go over to full precision, after numbers too large for half; false if it was full already."""
    if str(next(model.parameters()).dtype) == "torch.float32":
        return False
    model.float()
    return True


class Batches(Generic[R]):
    """Works in batches of like length, `limit` tokens at most with the padding counted.

    When the memory does not suffice the limit is halved, for the rest and for later calls too.
    """

    def __init__(self, limit: int | None, device: str) -> None:
        self.limit = limit or (_TOKENS_ON_GPU if device.startswith("cuda") else _TOKENS_ON_CPU)

    def run(self, work: Callable[[Sequence[int]], Iterable[R]], lengths: Sequence[int]) -> list[R]:
        """What `work` makes of each item, in their order; `work` is given positions in `lengths`.

        Raises:
            ModelError: a single item does not fit into the memory.
        """
        made: dict[int, R] = {}
        # The longest come first, so that what does not fit shows at once.
        left = sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True)
        while left:
            batch = left[: max(1, self.limit // max(1, lengths[left[0]]))]
            try:
                made.update(zip(batch, work(batch), strict=True))
            except (MemoryError, RuntimeError) as exc:
                if not _out_of_memory(exc):
                    raise
                if len(batch) == 1:
                    raise ModelError(
                        f"A text of {lengths[batch[0]]} tokens does not fit into the device's memory. End "
                        "what else uses it, choose a smaller model, or set the device to cpu."
                    ) from exc
                self.limit = len(batch) * lengths[batch[0]] // 2
            else:
                del left[: len(batch)]
                continue
            # Only here has the failed attempt let go of what it held.
            _free()
        return [made[position] for position in range(len(lengths))]


def _out_of_memory(exc: BaseException) -> bool:
    text = str(exc).casefold()
    return (
        isinstance(exc, MemoryError)
        or type(exc).__name__ == "OutOfMemoryError"
        or "out of memory" in text
        or "can't allocate memory" in text
    )


def _free() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


@contextmanager
def _quiet() -> Generator[None]:
    # Both libraries write their progress and advice to stderr, which a host shows as a server's log.
    said = load("transformers.utils.logging", extra="st")
    before, log = said.get_verbosity(), logging.getLogger("sentence_transformers")
    level = log.level
    said.disable_progress_bar()
    said.set_verbosity_error()
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        said.set_verbosity(before)
        log.setLevel(level)
