"""The parts of the overhead benchmark, without processes and without a clock."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.overhead import Participant, report
from benchmarks.overhead_endpoint import Script, answer
from benchmarks.overhead_prefix import cached_shares, prefix_reuse
from benchmarks.overhead_tao import run_once
from benchmarks.overhead_task import ANSWER
from tao.dialects import dialects_for
from tao.models.openai import OpenAIChat

_SYSTEM = {"role": "system", "content": "现在"}
_QUESTION = {"role": "user", "content": "a question"}


def _request(*messages: Mapping[str, Any], tools: Any = None) -> dict[str, Any]:
    return {"messages": list(messages), "tools": tools}


def test_a_history_that_only_grows_is_reused_whole() -> None:
    steps = [_request(_SYSTEM), _request(_SYSTEM, _QUESTION), _request(_SYSTEM, _QUESTION, _QUESTION)]
    assert prefix_reuse(steps) == 1.0


def test_a_message_that_changed_counts_up_to_where_it_changed() -> None:
    before = {"role": "user", "content": "x" * 100 + "a"}
    after = {"role": "user", "content": "x" * 100 + "b"}
    reuse = prefix_reuse([_request(before), _request(after, _QUESTION)])
    assert reuse == pytest.approx(1 - len('a"}') / len(json.dumps([before])[:-1]))


def test_the_worst_step_counts() -> None:
    rewritten = {"role": "system", "content": "later"}
    steps = [_request(_SYSTEM), _request(_SYSTEM, _QUESTION), _request(rewritten, _QUESTION)]
    reuse = prefix_reuse(steps)
    assert reuse is not None
    assert reuse < 0.6


def test_other_tools_than_before_leave_nothing_to_reuse() -> None:
    assert prefix_reuse([_request(_SYSTEM, tools=[1]), _request(_SYSTEM, _QUESTION, tools=[2])]) == 0.0


@pytest.mark.parametrize("steps", [[], [_request(_SYSTEM)]])
def test_one_step_has_nothing_to_reuse(steps: list[dict[str, Any]]) -> None:
    assert prefix_reuse(steps) is None
    assert cached_shares([{"prompt": 1, "cached": 0} for _ in steps]) is None


def test_the_cache_is_told_as_the_smallest_share_of_a_step() -> None:
    usages = [
        {"prompt": 100, "cached": 0},
        {"prompt": 200, "cached": 100},
        {"prompt": 250, "cached": 150},
    ]
    assert cached_shares(usages) == {"of_prompt": 0.5, "of_earlier": 0.75, "steps": usages}


def _scripted(script: Script, *, stream: bool) -> OpenAIChat:
    def handle(request: httpx.Request) -> httpx.Response:
        kind, body = answer(script, request.method, request.url.path, request.content)
        return httpx.Response(200, headers={"content-type": kind}, content=body)

    transport, extra = httpx.MockTransport(handle), {"stream": stream}
    return OpenAIChat("http://endpoint/v1", name="scripted", extra_body=extra, transport=transport)


def _logged(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in folder.glob("*.jsonl")]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_script_leads_our_loop_through_exactly_its_steps(tmp_path: Path, *, stream: bool) -> None:
    script = Script(steps=6)
    async with _scripted(script, stream=stream) as model:
        said = await run_once(model, dialects_for("tools")[:1], tmp_path)
    assert (said.text, said.steps, said.stop_reason) == (ANSWER, 6, "finish")
    assert len(script.requests) == 6
    assert prefix_reuse(script.requests) == 1.0
    assert len(_logged(tmp_path)) == 1


async def test_a_run_without_a_log_leaves_no_file(tmp_path: Path) -> None:
    async with _scripted(Script(steps=2), stream=True) as model:
        await run_once(model, dialects_for("tools")[:1], tmp_path, log=False)
    assert _logged(tmp_path) == []


def test_a_loop_that_ends_with_a_tool_of_its_own_is_given_a_call_of_it() -> None:
    script = Script(steps=1)
    tools = [{"type": "function", "function": {"name": name}} for name in ("shop__lookup", "final_answer")]
    message = script.reply({"messages": [], "tools": tools})
    function = message["tool_calls"][0]["function"]
    assert function["name"] == "final_answer"
    assert json.loads(function["arguments"]) == {"answer": ANSWER}


def test_a_new_run_forgets_the_one_before_it() -> None:
    script = Script(steps=3, requests=[{"messages": []}])
    answer(script, "POST", "/begin", b'{"steps": 20}')
    assert (script.steps, script.requests) == (20, [])
    assert json.loads(answer(script, "GET", "/requests", b"")[1]) == []


def test_the_report_has_medians_a_step_and_the_reason_of_a_peer_that_did_not_run() -> None:
    def timed(*seconds: float, peak: float) -> Participant:
        return Participant(replies=[{"seconds": s, "cpu_seconds": s / 2, "peak_mb": peak} for s in seconds])

    found = {
        "tao": timed(0.04, 0.06, 1.0, peak=54.32),
        "raw_httpx": timed(0.02, 0.02, 0.02, peak=30.0),
        "langgraph": timed(0.2, 0.2, 0.2, peak=97.0),
        "smolagents": Participant(reason="not installable"),
    }
    figures = report(found, ["langgraph", "smolagents"], 20)
    assert figures["tao_ms"] == 3.0
    assert figures["raw_httpx_ms"] == 1.0
    assert figures["peers"] == {"langgraph": 10.0, "smolagents": "not installable"}
    assert figures["peak_mb"] == 54.3
    assert figures["peers_peak_mb"] == {"langgraph": 97.0, "smolagents": None}
    assert figures["cpu_ms"]["tao"] == 1.5
    assert json.loads(json.dumps(figures)) == figures
