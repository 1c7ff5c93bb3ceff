"""How failures of sources are told, in Chinese and in English, with what to do next."""

import csv
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tao_prompts import Language

if TYPE_CHECKING:
    # Only for the types: the package of sources uses this module itself.
    from tao_servers.weather.sources.source import Failure, SourceError, Wanted

__all__ = ["all_failed", "failure_text"]

_DETAILS = Path(__file__).with_name("failure_details.csv")
_SEEN: "dict[Language, dict[Failure, str]]" = {
    "zh": {
        "unreachable": "连接不上",
        "late": "超时未答",
        "busy": "请求过多，暂不受理",
        "failing": "服务出错",
        "refused": "拒绝了请求",
        "no key": "没有可用的密钥",
        "unreadable": "应答无法读取",
        "out of range": "没有该地点或日期的数据",
    },
    "en": {
        "unreachable": "cannot be reached",
        "late": "did not answer in time",
        "busy": "takes no more requests for now",
        "failing": "is failing",
        "refused": "refused the request",
        "no key": "has no valid key",
        "unreadable": "sent a reply that cannot be read",
        "out of range": "has nothing for this place or these days",
    },
}
_SUBJECT: "dict[Language, dict[Wanted, str]]" = {
    "zh": {"forecast": "天气预报", "air": "空气质量", "alerts": "天气预警"},
    "en": {"forecast": "the forecast", "air": "the air quality", "alerts": "weather warnings"},
}
_NOBODY: dict[Language, str] = {
    "zh": "已启用的来源都不提供",
    "en": "none of the sources that are set up has it",
}
_NOT_KEPT: dict[Language, str] = {
    "zh": "缓存里也没有 24 小时以内的数据。",
    "en": "The cache has nothing of the last 24 hours either. ",
}
_UNKNOWN: dict[Language, str] = {
    "zh": "这不等于没有预警。",
    "en": "That does not mean that there are none. ",
}
_Advice = Literal["network", "later", "timeout", "key", "address", "days"]
_FOR: "dict[Failure, _Advice]" = {
    "unreachable": "network",
    "late": "timeout",
    "busy": "later",
    "failing": "later",
    "no key": "key",
    "refused": "address",
    "unreadable": "address",
    "out of range": "days",
}
_ADVICE: dict[Language, dict[_Advice, str]] = {
    "zh": {
        "network": "检查网络和代理（HTTPS_PROXY）",
        "later": "过几分钟再试",
        "timeout": "稍后再试，或增大 TAO_WEATHER_TIMEOUT",
        "key": "设置或检查密钥（TAO_WEATHER_QWEATHER_KEY_ENV 和 TAO_WEATHER_AMAP_KEY_ENV "
        "指明存放密钥的环境变量）",
        "address": "检查 [weather] 中该来源的地址；中间可能有代理或登录页",
        "days": "换一个地点或日期再问（预报最多到今天之后 15 天，过去最多 91 天）",
    },
    "en": {
        "network": "check the network and the proxy (HTTPS_PROXY)",
        "later": "try again in a few minutes",
        "timeout": "try again later, or raise TAO_WEATHER_TIMEOUT",
        "key": "set or check the keys (TAO_WEATHER_QWEATHER_KEY_ENV and TAO_WEATHER_AMAP_KEY_ENV name the "
        "variables that hold them)",
        "address": "check the source's address in [weather]; a proxy or a login page may be in between",
        "days": "ask for another place or other days (forecasts reach 15 days ahead, the past 91 days back)",
    },
}


def failure_text(name: str, error: "SourceError", language: Language) -> str:
    """What came of asking one service: its name, what was seen, and what it said."""
    seen = _SEEN[language][error.failure]
    if language == "en":
        return f"{name} {seen}" + (f" ({error.detail})" if error.detail else "")
    detail = error.detail
    for pattern, chinese in _chinese():
        detail = pattern.sub(chinese, detail)
    return f"{name} {seen}" + (f"（{detail}）" if detail else "")


def all_failed(
    wanted: "Wanted",
    asked: "Sequence[tuple[str, SourceError]]",
    skipped: "Sequence[tuple[str, SourceError]]",
    language: Language,
) -> str:
    """That no source has an answer: what each said, and what to do; the `skipped` were not asked."""
    told = [*asked, *skipped]
    said = [failure_text(name, error, language) for name, error in told] or [_NOBODY[language]]
    causes = [error.failure for _, error in asked or skipped] or ["no key"]
    if wanted == "alerts" and set(causes) == {"out of range"}:
        # Of most countries, only a source with a key has warnings; other days have none.
        causes = [error.failure for _, error in skipped if error.failure == "no key"] or causes
    advice = list(dict.fromkeys(_ADVICE[language][_FOR[failure]] for failure in causes))
    old = _NOT_KEPT[language] if any(error.failure != "out of range" for _, error in asked) else ""
    unknown = _UNKNOWN[language] if wanted == "alerts" else ""
    subject = _SUBJECT[language][wanted]
    if language == "zh":
        return f"查不到{subject}：{'；'.join(said)}。{old}{unknown}建议：{'；'.join(advice)}。"
    return (
        f"No source could give {subject}: {'; '.join(said)}. {old}{unknown}What to do: {'; '.join(advice)}."
    )


@cache
def _chinese() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Our own words in details, which the sources say in English, and the same in Chinese."""
    with _DETAILS.open(encoding="utf-8", newline="") as file:
        return tuple((re.compile(row["en"]), row["zh"]) for row in csv.DictReader(file))
