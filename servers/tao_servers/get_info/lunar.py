"""The Chinese calendar and mainland China's public holidays, from lunar_python."""

import datetime
import threading
from dataclasses import dataclass
from typing import Any

__all__ = ["ChineseDay", "chinese_day", "public_holiday"]

# The library keeps the last year it worked out in a class variable, which two threads would mix up.
_lock = threading.Lock()
_FIRST_YEAR = 2002
_ANIMALS = dict(
    zip(
        "鼠牛虎兔龙蛇马羊猴鸡狗猪",
        (
            "rat",
            "ox",
            "tiger",
            "rabbit",
            "dragon",
            "snake",
            "horse",
            "goat",
            "monkey",
            "rooster",
            "dog",
            "pig",
        ),
        strict=True,
    )
)
_ENGLISH = {
    "元旦节": "New Year",
    "春节": "Spring Festival",
    "清明节": "Qingming",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
    "国庆中秋": "National Day and Mid-Autumn Festival",
    "抗战胜利日": "Victory Day",
}


@dataclass(frozen=True, slots=True)
class ChineseDay:
    """A day in the Chinese calendar: year (干支), month and day, and what goes with it."""

    date: str
    animal: str
    pillars: str
    solar_term: str
    festivals: tuple[str, ...]


def chinese_day(day: datetime.date) -> ChineseDay:
    """The day as the Chinese calendar has it; year and animal change on New Year's Day of that calendar."""
    from lunar_python import Solar  # type: ignore[import-untyped, unused-ignore]

    with _lock:
        lunar = Solar.fromYmd(day.year, day.month, day.day).getLunar()
        animal = lunar.getYearShengXiao()
        return ChineseDay(
            date=f"{lunar.getYearInGanZhi()}年{lunar.getMonthInChinese()}月{lunar.getDayInChinese()}",
            animal=f"{animal} {_ANIMALS.get(animal, '')}".strip(),
            pillars=f"{lunar.getYearInGanZhi()}年 {lunar.getMonthInGanZhi()}月 {lunar.getDayInGanZhi()}日",
            solar_term=_solar_term(lunar),
            festivals=tuple(lunar.getFestivals()),
        )


def public_holiday(day: datetime.date) -> str:
    """Whether mainland China works on `day`; says so where the library does not know that year."""
    from lunar_python.util import HolidayUtil  # type: ignore[import-untyped, unused-ignore]

    with _lock:
        found = HolidayUtil.getHoliday(day.year, day.month, day.day)
        known = _is_known(HolidayUtil, day.year)
        next_known = _is_known(HolidayUtil, day.year + 1)
    if found is not None:
        name = found.getName()
        english = _ENGLISH.get(name, name)
        if found.isWork():
            return f"因{name}调休，上班 (working day, made up for {english})"
        return f"{name}放假 (public holiday, {english})"
    weekend = day.weekday() >= 5
    kind = "周末 (weekend)" if weekend else "工作日 (working day)"
    if not known:
        return f"不知道：没有 {day.year} 年的放假安排；按星期是{kind} (holidays of {day.year} are not known)"
    # New Year's arrangement, published late, can move the last days of the year before.
    if not next_known and (day.month, day.day) >= (12, 26):
        return f"{kind}；{day.year + 1} 年安排未知，可能调休 (may change with {day.year + 1}'s schedule)"
    return kind


def _is_known(holidays: Any, year: int) -> bool:
    return year >= _FIRST_YEAR and any(
        one.getTarget().startswith(str(year)) for one in holidays.getHolidays(str(year))
    )


def _solar_term(lunar: Any) -> str:
    """The term that begins today, else the next one with its date."""
    today = lunar.getJieQi()
    if today:
        return f"{today}（今日 today）"
    coming = lunar.getNextJieQi(True)
    return f"下一个 next：{coming.getName()} {coming.getSolar().toYmd()}"
