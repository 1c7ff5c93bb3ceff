"""Closes the brackets that were left open at the end, and drops those that close nothing there."""

from tao_servers.text2sql.mending.pieces import cut
from tao_servers.text2sql.schema import Dialect

__all__ = ["balanced"]

_MOST = 4


def balanced(text: str, dialect: Dialect) -> str:
    """The text with as many closing brackets as opening ones; the same text where it has them."""
    pieces = cut(text, dialect)
    depth, kept, dropped = 0, [], 0
    for place, piece in enumerate(pieces):
        depth += (piece.text == "(") - (piece.text == ")")
        if depth < 0:
            rest = [one for one in pieces[place:] if not one.is_blank and one.text != ";"]
            if any(one.text != ")" for one in rest):
                return text
            depth, dropped = 0, dropped + 1
        else:
            kept.append(piece.text)
    if dropped > _MOST or depth > _MOST or not (dropped or depth):
        return text
    body = "".join(kept)
    bare = body.rstrip("; \t\r\n")
    # A bracket in a comment at the end would close nothing.
    return bare + "\n" * ("--" in bare.rpartition("\n")[2]) * bool(depth) + ")" * depth + body[len(bare) :]
