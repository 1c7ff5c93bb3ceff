# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Reads replies with Qwen-Agent's parsers; runs in its own environment, over JSON lines.

`ReActChat._detect_tool` first, and where it finds no tool the parser of its `nous` prompt for `<tool_call>`.
What neither takes for a call is the answer, as in its own loop, which then ends.
"""

import json
import sys

from qwen_agent.agents.react_chat import ReActChat
from qwen_agent.llm.fncall_prompts.nous_fncall_prompt import NousFnCallPrompt
from qwen_agent.llm.schema import ASSISTANT, ContentItem, Message
from qwen_agent.utils.utils import json_loads


def react(text: str) -> dict[str, object]:
    """The tool and its input, or the answer."""
    # A whole reply follows the "Thought: " of its prompt, so that a label at the very start is on a new line.
    has_action, name, given, _ = ReActChat._detect_tool(None, "\n" + text)
    if has_action:
        return {"tool": name, "input": given}
    message = Message(role=ASSISTANT, content=[ContentItem(text=text)])
    for read in NousFnCallPrompt().postprocess_fncall_messages([message]):
        if read.function_call:
            return {"tool": read.function_call.name, "input": read.function_call.arguments}
    return {"answer": text.rpartition("Final Answer:")[2].strip()}


def main() -> None:
    """Answer each line `{"kind", "text"}` with one line."""
    for line in sys.stdin:
        case = json.loads(line)
        try:
            said = react(case["text"]) if case["kind"] == "react" else {"value": json_loads(case["text"])}
        except ValueError:
            said = {}
        except Exception as exc:  # whatever a peer dies of is counted, not hidden
            said = {"crash": f"{type(exc).__name__}: {exc}"[:200]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
