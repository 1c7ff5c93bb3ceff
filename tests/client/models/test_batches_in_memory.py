"""Batches of like length that fit into the memory."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tao.errors import ModelError
from tao.models.accelerator import Batches


class Memory:
    """Holds `size` tokens with their padding, and no more."""

    def __init__(self, lengths: Sequence[int], size: int) -> None:
        self._lengths = lengths
        self._size = size
        self.batches: list[list[int]] = []

    def __call__(self, batch: Sequence[int]) -> list[str]:
        if len(batch) * max(self._lengths[place] for place in batch) > self._size:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 MiB")
        self.batches.append([self._lengths[place] for place in batch])
        return [str(place) for place in batch]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 512), max_size=60), st.integers(1, 4096))
def test_every_item_is_worked_on_once_in_batches_within_the_limit(lengths: list[int], limit: int) -> None:
    memory = Memory(lengths, 10**9)
    made = Batches[str](limit, "cpu").run(memory, lengths)
    assert made == [str(place) for place in range(len(lengths))]
    assert all(len(batch) == 1 or len(batch) * max(batch) <= limit for batch in memory.batches if max(batch))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 100), max_size=60), st.integers(100, 4096))
def test_without_enough_memory_the_batches_shrink_and_nothing_is_lost(lengths: list[int], size: int) -> None:
    assert Batches[str](100_000, "cpu").run(Memory(lengths, size), lengths) == [
        str(place) for place in range(len(lengths))
    ]


def test_the_smaller_limit_is_remembered() -> None:
    batches = Batches[str](1000, "cpu")
    batches.run(Memory([10] * 100, 300), [10] * 100)
    assert batches.limit == 250


def test_like_lengths_come_together_the_longest_first() -> None:
    lengths = [1, 50, 2, 49]
    memory = Memory(lengths, 1000)
    Batches[str](100, "cpu").run(memory, lengths)
    assert memory.batches == [[50, 49], [2, 1]]


def test_one_text_too_large_for_the_memory_is_told() -> None:
    with pytest.raises(ModelError, match=r"A text of 500 tokens does not fit.*cpu"):
        Batches[str](1000, "cpu").run(Memory([500], 100), [500])


def test_another_failure_is_not_taken_for_a_lack_of_memory() -> None:
    def broken(batch: Sequence[int]) -> list[str]:
        raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        Batches[str](10, "cpu").run(broken, [1])
