import datetime
import uuid
from decimal import Decimal

import pytest

from tao_servers.text2sql.limits import Limits, Taker


def taken(*rows: tuple[object, ...], **limits: int) -> Taker:
    taker = Taker([f"c{n}" for n in range(len(rows[0]))], Limits(**limits))
    for row in rows:
        if not taker.take(row):
            break
    return taker


def test_rows_are_taken_up_to_the_limit_and_one_more_is_told() -> None:
    assert taken((1,), (2,), max_rows=2).rows().more is False
    found = taken((1,), (2,), (3,), max_rows=2).rows()
    assert (found.rows, found.more) == ([[1], [2]], True)


def test_bytes_end_a_result_too() -> None:
    found = taken(*[("年" * 100,)] * 50, max_bytes=1000, max_rows=1000).rows()
    assert len(found.rows) == 4
    assert found.more


def test_a_result_of_too_many_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="select at most 200"):
        Taker(map(str, range(201)), Limits())


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (2**60, str(2**60)),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("7999.00"), 7999.0),
        (Decimal("12345678901234567890.12"), "12345678901234567890.12"),
        (Decimal("0.100000000000000000000000000000"), 0.1),
        (Decimal("9" * 40 + ".50"), "9" * 40 + ".50"),
        (Decimal("NaN"), "NaN"),
        (Decimal("1E+5000"), "1E+5000"),
        (datetime.date(2025, 6, 17), "2025-06-17"),
        (datetime.datetime(2025, 6, 17, 12, 30), "2025-06-17 12:30:00"),
        (datetime.timedelta(hours=3), "3:00:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"\x00\x01", "<2 bytes>"),
        (memoryview(b"abc"), "<3 bytes>"),
        ({"城": ["上海", 1]}, '{"城": ["上海", 1]}'),
        ([Decimal("1.5"), None], '["1.5", null]'),
        ("x" * 3000, "x" * 2000 + "… (3,000 characters)"),
    ],
)
def test_each_kind_of_value_becomes_a_plain_cell(value: object, cell: object) -> None:
    found = taken((value,)).rows().rows[0][0]
    assert found == cell
    assert type(found) is type(cell)
