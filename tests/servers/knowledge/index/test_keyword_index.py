import shutil
from pathlib import Path

import pytest

from tao_servers.knowledge.index.errors import BusyStoreError, DamagedIndexError
from tao_servers.knowledge.index.words import open_words

ROWS = [
    (1, 1, "女士皮鞋 黑色：399元"),
    (2, 1, "凉鞋 白色：129元"),
    (3, 2, "Running shoes, size 42, are 89 EUR."),
    (4, 3, ""),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A keyword index of four chunks in three documents."""
    path = tmp_path / "words"
    with open_words(path, write=True) as words:
        words.add(ROWS)
        words.commit()
    return path


def found(folder: Path, query: str, documents: list[int] | None = None) -> list[int]:
    with open_words(folder, write=False) as words:
        return [chunk for chunk, _ in words.search(query, 10, documents=documents)]


def test_the_best_match_comes_first(folder: Path) -> None:
    assert found(folder, "黑色的皮鞋多少钱") == [1, 2]


@pytest.mark.parametrize(("query", "chunks"), [("run", [3]), ("白色涼鞋", [2, 1]), ("皮", [1]), ("89", [3])])
def test_chinese_and_english_words_are_found(folder: Path, query: str, chunks: list[int]) -> None:
    assert found(folder, query) == chunks


@pytest.mark.parametrize("query", ["", "？！", "\x00\ud800", "unknownword", 'AND OR NOT "( *:^~'])
def test_a_question_without_a_known_word_finds_nothing(folder: Path, query: str) -> None:
    assert found(folder, query) == []


def test_a_search_can_be_kept_to_some_documents(folder: Path) -> None:
    assert found(folder, "鞋 shoes", documents=[2, 3]) == [3]
    assert found(folder, "鞋", documents=[]) == []


def test_a_document_filter_does_not_change_the_scores(folder: Path) -> None:
    with open_words(folder, write=False) as words:
        assert dict(words.search("皮鞋", 9, documents=range(9))) == pytest.approx(
            dict(words.search("皮鞋", 9))
        )


def test_a_very_long_question_is_answered(folder: Path) -> None:
    assert 1 in found(folder, "皮鞋 " + "unknown " * 100_000)
    assert 3 in found(folder, "running " + " ".join(f"{n} 鞋" for n in range(5_000)))


def test_all_ids_are_told_whether_their_chunks_have_words_or_not(folder: Path) -> None:
    with open_words(folder, write=False) as words:
        assert (words.count(), list(words.ids())) == (4, [1, 2, 3, 4])


def test_a_deleted_document_is_gone_with_all_its_chunks(folder: Path) -> None:
    with open_words(folder, write=True) as words:
        words.delete_documents([1])
        words.commit()
        assert list(words.ids()) == [3, 4]
        words.clear()
        words.add(ROWS[:1])
        words.commit()
        assert list(words.ids()) == [1]


def test_what_was_not_committed_is_given_up(folder: Path) -> None:
    with open_words(folder, write=True) as words:
        words.add([(9, 9, "lost")])
        words.delete_documents([1, 2, 3])
    with open_words(folder, write=False) as words:
        assert list(words.ids()) == [1, 2, 3, 4]


def test_a_reader_sees_a_commit_when_it_looks_again(folder: Path) -> None:
    with open_words(folder, write=False) as reader, open_words(folder, write=True) as writer:
        writer.add([(5, 5, "雨鞋")])
        writer.commit()
        before = reader.search("雨鞋", 1)
        reader.refresh()
        assert (before[0][0], reader.search("雨鞋", 1)[0][0]) != (5, 1)
        assert reader.search("雨鞋", 1)[0][0] == 5


def test_there_is_one_writer_at_a_time(folder: Path) -> None:
    again = open_words(folder, write=True)
    with open_words(folder, write=True), pytest.raises(BusyStoreError, match="Another process"), again:
        raise AssertionError
    with open_words(folder, write=True) as words:
        assert words.count() == 4


def test_a_reader_cannot_write(folder: Path) -> None:
    with open_words(folder, write=False) as words, pytest.raises(ValueError, match="reading only"):
        words.add(ROWS)


def test_a_missing_index_is_damaged_to_a_reader(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndexError, match="missing"), open_words(tmp_path, write=False):
        raise AssertionError


@pytest.mark.parametrize("suffix", ["meta.json", ".managed.json", ".term", ".idx", ".fast", ".fieldnorm"])
@pytest.mark.parametrize("content", [b"", b"x" * 500, None])
def test_a_broken_file_is_told_as_damage_or_does_no_harm(
    folder: Path, suffix: str, content: bytes | None
) -> None:
    for path in folder.glob(f"*{suffix}"):
        path.unlink()
        if content is not None:
            path.write_bytes(content)
    try:
        outcome: object = found(folder, "皮鞋")
    except DamagedIndexError as exc:
        outcome = str(exc)
    if outcome != [1, 2]:
        assert str(folder) in str(outcome)
    shutil.rmtree(folder)
    with open_words(folder, write=True) as words:
        assert words.count() == 0


def test_many_small_commits_are_merged(tmp_path: Path) -> None:
    with open_words(tmp_path / "words", write=True) as words:
        for n in range(12):
            words.add([(n, n, f"line {n}")])
            words.commit()
    with open_words(tmp_path / "words", write=False) as words:
        assert words.count() == 12
    assert len(list((tmp_path / "words").glob("*.term"))) < 12


def test_a_score_is_never_more_than_the_best_also_while_deleted_chunks_still_count(tmp_path: Path) -> None:
    with open_words(tmp_path, write=True) as words:
        words.add((chunk, 1 + chunk % 2, f"common text{chunk}") for chunk in range(100))
        words.commit()
    with open_words(tmp_path, write=True) as words:
        words.delete_documents([1])
        words.add((chunk, 3, f"common other{chunk}") for chunk in range(100, 120))
        words.commit()
    with open_words(tmp_path, write=False) as words:
        for query in ("common", "text", "other", "common text1", "text3 other101"):
            (_, score), *_ = words.search(query, 1)
            assert 0 < score <= words.best_score(query)
