"""Weights are found on this machine; nothing is fetched unasked."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tao.errors import ConfigError
from tao.models.weights import config_of, find, identity, wanted

pytestmark = pytest.mark.skipif(
    find_spec("huggingface_hub") is None, reason="needs: pip install 'tao-agent[local]'"
)


def weights_in(folder: Path, content: bytes = b"0") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(content)
    return folder


def cached(cache: Path, name: str) -> Path:
    """The folder of a model in the layout of the hub's cache."""
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs/main").write_text("0123abc", encoding="utf-8")
    return repository / "snapshots/0123abc"


def test_a_model_in_the_hubs_cache_is_found_by_its_name(tmp_path: Path) -> None:
    folder = weights_in(cached(tmp_path, "BAAI/bge-small-zh-v1.5"))
    assert find("BAAI/bge-small-zh-v1.5", cache=tmp_path) == folder


def test_a_name_without_its_owner_is_one_of_sentence_transformers(tmp_path: Path) -> None:
    folder = weights_in(cached(tmp_path, "sentence-transformers/all-MiniLM-L6-v2"))
    assert find("all-MiniLM-L6-v2", cache=tmp_path) == folder


def test_a_missing_model_is_not_fetched_but_told_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"unasked.*tao-knowledge pull BAAI/bge-m3\."):
        find("BAAI/bge-m3", cache=tmp_path)


def test_a_transfer_that_broke_off_counts_as_missing(tmp_path: Path) -> None:
    folder = cached(tmp_path, "BAAI/bge-m3")
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="tao-knowledge pull"):
        find("BAAI/bge-m3", cache=tmp_path)


def test_weights_of_which_a_part_is_missing_count_as_missing(tmp_path: Path) -> None:
    folder = weights_in(cached(tmp_path, "BAAI/bge-m3"))
    parts = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(parts), encoding="utf-8")
    with pytest.raises(ConfigError, match="tao-knowledge pull"):
        find("BAAI/bge-m3", cache=tmp_path)
    (folder / "model-2.safetensors").write_bytes(b"0")
    assert find("BAAI/bge-m3", cache=tmp_path) == folder


def test_a_folder_never_hides_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    weights_in(tmp_path / "BAAI/bge-m3")
    with pytest.raises(ConfigError, match=r"write '\./BAAI/bge-m3'"):
        find("BAAI/bge-m3", cache=tmp_path / "cache")
    assert find("./BAAI/bge-m3").samefile(tmp_path / "BAAI/bge-m3")


def test_a_folder_that_is_not_there_or_holds_no_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no folder"):
        find(str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="holds no weights"):
        find(str(tmp_path))


@pytest.mark.parametrize("name", ["", "a/b/c", "a b", "模型", "http://a.test/b", "a/..", "a" * 5000 + "/!"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no model"):
        find(name, cache=tmp_path)


def test_two_models_in_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    one, two = weights_in(tmp_path / "a/model", b"1"), weights_in(tmp_path / "b/model", b"2")
    first, second = identity(str(one), one), identity(str(two), two)
    assert first.startswith("model@")
    assert first != second
    moved = one.rename(tmp_path / "model")
    assert identity(str(moved), moved) == first


def test_a_config_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert config_of(tmp_path) == {}
    for content in (b"{", b"[]", b"\xff"):
        (tmp_path / "config.json").write_bytes(content)
        with pytest.raises(ConfigError, match=r"config\.json.*Get the model again"):
            config_of(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"a": 1}), encoding="utf-8")
    assert config_of(tmp_path) == {"a": 1}


def test_only_the_files_that_are_needed_are_fetched() -> None:
    files = [
        "1_Pooling/config.json",
        "2_Dense/pytorch_model.bin",
        "README.md",
        "colbert_linear.pt",
        "config.json",
        "flax_model.msgpack",
        "model.safetensors",
        "modules.json",
        "onnx/config.json",
        "onnx/model.onnx",
        "pytorch_model.bin",
        "sentencepiece.bpe.model",
        "tf_model.h5",
        "vocab.txt",
    ]
    assert wanted(files) == [
        "1_Pooling/config.json",
        "2_Dense/pytorch_model.bin",
        "config.json",
        "model.safetensors",
        "modules.json",
        "sentencepiece.bpe.model",
        "vocab.txt",
    ]
