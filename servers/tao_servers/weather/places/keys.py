"""The form under which two spellings of a place's name are equal."""

import unicodedata

from tao_servers.chinese import name_key

__all__ = ["HAN_SUFFIXES", "SHINJITAI", "bare_english", "bare_han", "has_han", "place_key"]

# Japanese characters that OpenCC's Traditional tables lack.
SHINJITAI = str.maketrans(
    "県広沖徳児滝浜辺沢桜関豊渋帯黒浅鉄竜蔵駅戸", "县广冲德儿泷滨边泽樱关丰涩带黑浅铁龙藏驿户"
)
# Letters that no decomposition turns into plain ones.
_LETTERS = SHINJITAI | str.maketrans(
    {
        **{"ø": "o", "Ø": "o", "ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ı": "i", "æ": "ae", "Æ": "ae"},
        **{"œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ð": "d", "Ð": "d"},
    }
)
HAN_SUFFIXES = (
    *("特别行政区", "自治区", "自治州", "自治县", "自治旗", "地区", "新区", "林区", "特区", "行政区", "大区"),
    *("省", "市", "区", "县", "旗", "盟", "州", "府", "邦", "道", "都"),
)
_ENGLISH_SUFFIXES = ("city", "province", "prefecture", "municipality", "county", "district", "state", "shi")


def place_key(text: str) -> str:
    """`name_key`, with accents and Japanese forms making no difference either."""
    if text.isascii():
        return name_key(text)
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return name_key("".join(letter for letter in plain if not unicodedata.combining(letter)))


def has_han(text: str) -> bool:
    """Whether any character is a Han character."""
    return any("\u3400" <= character <= "\u9fff" for character in text)


def bare_han(key: str) -> str | None:
    """The name without its last administrative suffix, if two characters or more are left."""
    for suffix in HAN_SUFFIXES:
        if key.endswith(suffix) and len(key) - len(suffix) >= 2:
            return key[: -len(suffix)]
    return None


def bare_english(key: str) -> str | None:
    """The key without a word such as `city` or `province` at its end."""
    for suffix in _ENGLISH_SUFFIXES:
        if key.endswith(suffix) and len(key) - len(suffix) >= 3:
            return key[: -len(suffix)]
    return None
