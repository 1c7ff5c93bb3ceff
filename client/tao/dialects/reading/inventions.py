"""Where a reply stops being the model's own: at an observation that it made up, or at another role's turn."""

import re

__all__ = [
    "INVENTED_TAGS",
    "OBSERVATION_WORDS",
    "answers_first",
    "own_words",
    "parted_thinking",
    "settled_tags",
]

OBSERVATION_WORDS = (
    "observation",
    "observations",
    "观察",
    "观察结果",
    "tool output",
    "tool result",
    "tool response",
    "工具输出",
    "工具结果",
    "工具返回",
    "✿result✿",
)
INVENTED_TAGS = (
    "observation",
    "tool_response",
    "tool_result",
    "tool_output",
    "function_result",
    "function_response",
)
_WORDS = "|".join(sorted(OBSERVATION_WORDS, key=len, reverse=True)).replace(" ", "[ _]")
_TAGS = "|".join(INVENTED_TAGS)
# A list inside an answer may speak of observations.
_ITEM = r"(?P<item>(?:\d{1,3}+[.)、]|-)[ \t]*+[*_]*+)?"
_INVENTED = re.compile(
    # `Observation:`, numbered, bold, quoted, with the tool in brackets, with full-width signs.
    rf"^[ \t>*#_]*+{_ITEM}(?:{_WORDS})[ \t*_\d０-９]*+(?:[(（][^)）\n]*+[)）])?[ \t*_]*+[:：]"
    # A heading or a bold line has no colon.
    rf"|^[ \t>]*+(?:#++[ \t]*+[*_]*+|\*\*[ \t]*+)(?:{_WORDS})[ \t*_\d]*+$"
    rf"|<\s*+/?\s*+(?:{_TAGS})"
    # What chat templates write before the result of a tool, and before a turn of the user.
    r"|<[|｜](?:tool[_▁]outputs?[_▁](?:begin|start)|observation|tool_response|im_start[|｜]>\s*+(?:tool|user|system)\b"
    r"|start_header_id[|｜]>\s*+(?:ipython|tool|user|system)\b)|\[TOOL_RESULTS\]",
    re.IGNORECASE | re.MULTILINE,
)
_ANSWERED = re.compile(
    r"^[ \t>*#_]*+(?:final[ _]?answer|最终答案|最终回答)[ \t*_\d]*+[:：]", re.IGNORECASE | re.MULTILINE
)
_LEFT_OVER = re.compile(r"\n[ \t>*#_]*+(obs[a-z]*+)\s*+\Z", re.IGNORECASE | re.ASCII)
_VOID = re.compile(r"[ \t*_]*+(?:\(|（)?(?:none|null|n/?a|no\b|无|没有)[^\n]*+(?:\n|\Z)", re.IGNORECASE)
# The end of a turn, as a server leaks it; what follows it belongs to somebody else.
_TURN_END = re.compile(r"<[|｜](?:im_end|eot_id|endoftext|end▁of▁sentence)[|｜]>|</s>")
_TURN_START = re.compile(r"\s*+(?:<[|｜]im_start[|｜]>assistant\b|<s>)\s*+", re.IGNORECASE)
_OPEN_TAG = re.compile(r"<\s*+/?\s*+([a-z_]*+)\Z", re.IGNORECASE)
_THINK = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)


def own_words(reply: str, start: int = 0, *, void: bool = False) -> str:
    """A reply up to the first observation, after `start`, that the model made up itself.

    With `void`, a line like `Observation: None` is passed over: it holds nothing.
    """
    opened = _TURN_START.match(reply)
    begin = opened.end() if opened and not start else 0
    pieces: list[str] = []
    kept = begin
    answered: re.Match[str] | None = None
    for match in _INVENTED.finditer(reply, max(start, kept)):
        answered = answered or (_ANSWERED.search(reply, 0, match.start()) if match["item"] else None)
        if match["item"] and answered:
            continue
        nothing = _VOID.match(reply, match.end()) if void else None
        if nothing is None:
            return "".join((*pieces, reply[kept : match.start()]))
        pieces.append(reply[kept : match.start()])
        kept = nothing.end()
    own = "".join((*pieces, reply[kept:]))
    ended = _TURN_END.search(own, start)
    own = own[: ended.start()] if ended else own
    left = _LEFT_OVER.search(own, max(start, len(own) - 60))
    return own[: left.start()] if left and "observation".startswith(left[1].lower()) else own


def answers_first(reply: str) -> bool:
    """Whether a final answer is begun before anything that could be a call."""
    answered = _ANSWERED.search(reply)
    return answered is not None and not any(sign in reply[: answered.start()] for sign in "{[<")


def settled_tags(reply: str) -> str:
    """An unfinished reply up to what may become the tag of an observation."""
    begun = _OPEN_TAG.search(reply, max(0, len(reply) - 200))
    if begun is None or not any(tag.startswith(begun[1].lower()) for tag in INVENTED_TAGS):
        return reply
    return reply[: begun.start()]


def parted_thinking(reply: str) -> tuple[str, str]:
    """What a reply thinks in `<think>` blocks, closed or not, and the rest; one quoted in JSON is neither."""
    if "think" not in reply or reply.lstrip().startswith(("{", "[")):
        return "", reply
    thoughts: list[str] = []
    rest: list[str] = []
    at, inside = 0, False
    for match in _THINK.finditer(reply):
        closing = bool(match[1])
        piece = reply[at : match.start()]
        if closing and not inside and not thoughts:
            # The chat template had opened the block in the prompt.
            thoughts += [*rest, piece]
            rest = []
        else:
            (thoughts if inside else rest).append(piece)
        at, inside = match.end(), not closing
    (thoughts if inside else rest).append(reply[at:])
    return "\n".join(text for part in thoughts if (text := part.strip())), "".join(rest)
