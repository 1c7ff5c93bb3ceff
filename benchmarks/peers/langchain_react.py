# Its packages are in an environment of their own.
# mypy: disable-error-code="import-not-found"
"""Reads replies with LangChain's ReAct and JSON parsers; runs in its own environment, over JSON lines."""

import json
import sys

from langchain_classic.agents.output_parsers import ReActSingleInputOutputParser
from langchain_core.exceptions import OutputParserException
from langchain_core.utils.json import parse_json_markdown


def react(text: str) -> dict[str, object]:
    """The tool and its input, or the answer; nothing where the parser refuses."""
    try:
        found = ReActSingleInputOutputParser().parse(text)
    except OutputParserException:
        return {}
    if hasattr(found, "tool"):
        return {"tool": found.tool, "input": found.tool_input}
    return {"answer": found.return_values["output"]}


def main() -> None:
    """Answer each line `{"kind", "text"}` with one line."""
    for line in sys.stdin:
        case = json.loads(line)
        try:
            if case["kind"] == "react":
                said = react(case["text"])
            else:
                said = {"value": parse_json_markdown(case["text"])}
        except (OutputParserException, json.JSONDecodeError):
            said = {}
        except Exception as exc:  # whatever a peer dies of is counted, not hidden
            said = {"crash": f"{type(exc).__name__}: {exc}"[:200]}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
