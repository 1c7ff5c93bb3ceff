"""Place names: compared whatever their case, accents and suffixes, and taken apart."""

import re
import unicodedata

__all__ = ["bare", "key", "pieces"]

_PEOPLES = "朝鲜|蒙古|哈萨克|柯尔克孜|维吾尔|土家|布依|景颇|傈僳|哈尼|藏|彝|白|傣|苗|侗|壮|羌|回|满|黎"
# 州 alone is no suffix: 杭州, 广州.
_SUFFIX = re.compile(
    rf"(?:(?:(?:{_PEOPLES})族?)*自治[州县]|(?:壮族|回族|维吾尔)?自治区|特别行政区|地区|[市省区县盟]|\s+(?:province|prefecture|state))$",
    re.IGNORECASE,
)
_PIECE = re.compile(r".+?(?:自治[州县区]|特别行政区|地区|[省市区县盟]|$)")
_COUNTRY = re.compile(r"^(?:中华人民共和国|中国)(?=..)")
_SAME = {
    "us": "unitedstates",
    "usa": "unitedstates",
    "america": "unitedstates",
    "uk": "unitedkingdom",
    "gb": "unitedkingdom",
    "greatbritain": "unitedkingdom",
    "england": "unitedkingdom",
    "prc": "china",
}


def key(name: str) -> str:
    """The name without case, accents, spaces and punctuation; a country's short form as its full one."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    found = "".join(c for c in letters if c.isalnum())
    return _SAME.get(found, found)


def bare(name: str) -> str:
    """The name without its administrative suffix: 上海 for 上海市, 延边 for 延边朝鲜族自治州."""
    stripped = _SUFFIX.sub("", name)
    return stripped if len(stripped) > 1 else name


def pieces(text: str) -> list[str]:
    """The parts of a name, the innermost last: 广东省, 深圳市; Texas, Paris for `Paris, Texas`."""
    parts = [part for part in (p.strip() for p in re.split("[,，]", text)) if part]
    if len(parts) > 1:
        return parts if parts[-1].endswith(tuple("市区县州盟镇乡")) else parts[::-1]
    whole = _COUNTRY.sub("", parts[0]) if parts else ""
    found = [piece for piece in _PIECE.findall(whole) if piece]
    return found if all(len(piece) > 1 for piece in found) else [whole]
