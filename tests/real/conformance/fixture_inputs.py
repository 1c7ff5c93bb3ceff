"""The suite's tools and its prompt that need something from the client first (2026-07-28)."""

from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.prompts.base import UserMessage
from mcp.types import (
    CallToolResult,
    ClientCapabilities,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    TextContent,
)

__all__ = ["add_input_tools"]

MISSING_CAPABILITY = -32021


def _elicit(message: str, field: str, kind: str = "string") -> ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": kind}}, "required": [field]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(question: str) -> CreateMessageRequest:
    message = SamplingMessage(role="user", content=TextContent(type="text", text=question))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[message], max_tokens=100))


_NAME = _elicit("What is your name?", "name")
_ALL: dict[str, InputRequest] = {
    "user_name": _NAME,
    "greeting": _sample("Generate a greeting"),
    "client_roots": ListRootsRequest(),
}
# What each tool asks for, and the state that has to come back with the answers.
_ONE_ROUND: dict[str, tuple[dict[str, InputRequest], str | None]] = {
    "test_input_required_result_elicitation": ({"user_name": _NAME}, None),
    "test_input_required_result_sampling": (
        {"capital_question": _sample("What is the capital of France?")},
        None,
    ),
    "test_input_required_result_list_roots": ({"client_roots": ListRootsRequest()}, None),
    "test_input_required_result_request_state": (
        {"confirm": _elicit("Please confirm", "ok", "boolean")},
        "s",
    ),
    "test_input_required_result_tampered_state": (
        {"confirm": _elicit("Please confirm", "ok", "boolean")},
        "s",
    ),
    "test_input_required_result_multiple_inputs": (_ALL, "s"),
    "test_streaming_elicitation": ({"user_name": _NAME}, None),
}


def add_input_tools(server: MCPServer) -> None:
    """Add all of them."""
    for name, (requests, state) in _ONE_ROUND.items():
        _add_one_round(server, name, requests, state)
    _add_others(server)
    _add_prompt(server)


def _add_one_round(
    server: MCPServer, name: str, requests: dict[str, InputRequest], state: str | None
) -> None:
    @server.tool(name=name, description=f"Asks the client for: {', '.join(requests)}.")
    async def ask(ctx: Context) -> CallToolResult | InputRequiredResult:
        answers = ctx.input_responses or {}
        if not requests.keys() <= answers.keys() or ctx.request_state != state:
            return InputRequiredResult(input_requests=requests, request_state=state)
        said = "; ".join(answers[key].model_dump_json(by_alias=True) for key in requests)
        return _said(f"Thank you: {said}" + (" state-ok" if state else ""))


def _add_others(server: MCPServer) -> None:
    @server.tool(description="Asks in two rounds.")
    async def test_input_required_result_multi_round(ctx: Context) -> CallToolResult | InputRequiredResult:
        answers = ctx.input_responses or {}
        if ctx.request_state == "second" and "step2" in answers:
            return _said("Thank you for both.")
        if ctx.request_state == "first" and "step1" in answers:
            colour = _elicit("Step 2: What is your favorite color?", "color")
            return InputRequiredResult(input_requests={"step2": colour}, request_state="second")
        name = _elicit("Step 1: What is your name?", "name")
        return InputRequiredResult(input_requests={"step1": name}, request_state="first")

    @server.tool(description="Asks only for what the client has declared that it can answer.")
    async def test_input_required_result_capabilities(ctx: Context) -> CallToolResult | InputRequiredResult:
        able = ctx.client_capabilities or ClientCapabilities()
        declared = {"user_name": able.elicitation, "greeting": able.sampling, "client_roots": able.roots}
        requests = {key: _ALL[key] for key, capability in declared.items() if capability is not None}
        if not requests or ctx.input_responses:
            return _said("Thank you.")
        return InputRequiredResult(input_requests=requests)

    @server.tool(description="Needs a client that can sample.")
    async def test_missing_capability(ctx: Context) -> CallToolResult:
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            raise MCPError(
                code=MISSING_CAPABILITY,
                message="This tool needs the capability sampling.",
                data={"requiredCapabilities": {"sampling": {}}},
            )
        return _said("The client can sample.")


def _add_prompt(server: MCPServer) -> None:
    @server.prompt(description="Asks for a context.")
    async def test_input_required_result_prompt(ctx: Context) -> list[UserMessage] | InputRequiredResult:
        answer = (ctx.input_responses or {}).get("user_context")
        if answer is None:
            question = _elicit("What context should the prompt use?", "context")
            return InputRequiredResult(input_requests={"user_context": question})
        return [UserMessage(f"Use this context: {answer.model_dump_json(by_alias=True)}")]


def _said(text: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)])
