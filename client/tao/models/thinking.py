"""Tell what a model thinks from what it answers, when both come in one text."""

from tao.models.chat import Delta

__all__ = ["ThinkSplitter"]

OPEN = "<think>"
CLOSE = "</think>"


class ThinkSplitter:
    """Split a reply that comes in pieces, cut anywhere, into text and reasoning.

    Some chat templates open the block in the prompt, so a `</think>` without its opening tag makes all
    that came before it reasoning; pieces already handed out as text cannot be called back, only `text`
    and `reasoning` are right then. A reply that starts with `{` is data: the tags in it are quoted.
    """

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._held = ""
        self._read = self._read_start
        self._tagged = False

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """The thinking so far, without the space around it."""
        return "".join(self._reasoning).strip()

    def feed(self, piece: str) -> list[Delta]:
        """Take in the next piece; what may be the beginning of a tag is held back."""
        self._held += piece
        deltas = []
        while True:
            reading, delta = self._read, self._read()
            if delta is not None:
                deltas.append(delta)
            if self._read == reading:
                return deltas

    def close(self) -> list[Delta]:
        """Give out what was held back; the reply has ended."""
        delta = self._give(len(self._held), thinking=self._read == self._read_thinking)
        return [delta] if delta is not None else []

    def think(self, piece: str) -> Delta:
        """Take in reasoning that the endpoint itself keeps apart."""
        self._reasoning.append(piece)
        return Delta(reasoning=piece)

    def _read_start(self) -> Delta | None:
        body = self._held.lstrip()
        if self._tagged or body.startswith(OPEN):
            # The blank lines round a block belong to neither side.
            self._held = body
        if body and (body == OPEN or not OPEN.startswith(body)):
            self._read = self._read_data if body.startswith("{") else self._read_text
        return None

    def _read_data(self) -> Delta | None:
        return self._give(len(self._held), thinking=False)

    def _read_text(self) -> Delta | None:
        opened = self._held.find(OPEN)
        closed = -1 if self._tagged else self._held.find(CLOSE)
        if opened >= 0 and not 0 <= closed < opened:
            return self._pass_tag(opened, OPEN, thinking=False)
        if closed >= 0:
            self._reasoning += self._text
            self._text = []
            return self._pass_tag(closed, CLOSE, thinking=True)
        begun = _begun(self._held, (OPEN,) if self._tagged else (OPEN, CLOSE))
        return self._give(len(self._held) - begun, thinking=False)

    def _read_thinking(self) -> Delta | None:
        closed = self._held.find(CLOSE)
        if closed >= 0:
            return self._pass_tag(closed, CLOSE, thinking=True)
        return self._give(len(self._held) - _begun(self._held, (CLOSE,)), thinking=True)

    def _pass_tag(self, at: int, tag: str, *, thinking: bool) -> Delta | None:
        delta = self._give(at, thinking=thinking)
        self._held = self._held[len(tag) :]
        self._tagged = True
        self._read = self._read_thinking if tag == OPEN else self._read_start
        return delta

    def _give(self, length: int, *, thinking: bool) -> Delta | None:
        piece, self._held = self._held[:length], self._held[length:]
        if not piece:
            return None
        if thinking:
            return self.think(piece)
        self._text.append(piece)
        return Delta(text=piece)


def _begun(text: str, tags: tuple[str, ...]) -> int:
    """How many characters at the end of `text` may be the beginning of one of `tags`."""
    longest = max(map(len, tags)) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(tag.startswith(text[-length:]) for tag in tags):
            return length
    return 0
