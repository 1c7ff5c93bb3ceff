from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tao_servers.get_info.command import run as run_get_info
from tao_servers.knowledge.command import cli as run_knowledge
from tao_servers.serving.options import Serving, Token, is_loopback, serving_options
from tao_servers.text2sql.command import run as run_text2sql
from tao_servers.weather.command import run as run_weather

COMMANDS = (run_get_info, run_knowledge, run_text2sql, run_weather)


def read(*arguments: str, env: dict[str, str] | None = None) -> tuple[Result, list[Serving]]:
    got: list[Serving] = []

    @click.command()
    @serving_options
    def command(serving: Serving) -> None:
        got.append(serving)

    return CliRunner().invoke(command, arguments, env=env), got


def refusal(*arguments: str, env: dict[str, str] | None = None) -> str:
    outcome, got = read(*arguments, env=env)
    assert outcome.exit_code == 2
    assert got == []
    return outcome.output


def test_without_options_a_server_speaks_stdio_and_logs_warnings() -> None:
    outcome, (serving,) = read()
    assert outcome.exit_code == 0
    assert serving == Serving()
    assert (serving.transport, serving.host, serving.log_level) == ("stdio", "127.0.0.1", "WARNING")


def test_options_are_read() -> None:
    names = ["--allowed-host", "a.example", "--allowed-host", "[::1]:80"]
    origin = ["--allowed-origin", "https://app.example.com"]
    _, (serving,) = read("--transport", "http", "--port", "0", *names, *origin, "--log-level", "info")
    assert (serving.port, serving.log_level) == (0, "INFO")
    assert serving.allowed_hosts == ("a.example", "[::1]:80")
    assert serving.allowed_origins == ("https://app.example.com",)


def test_a_log_file_holds_the_calls_unless_told_otherwise(tmp_path: Path) -> None:
    file = ["--log-file", str(tmp_path / "a.log")]
    assert read(*file)[1][0].log_level == "INFO"
    assert read(*file, "--log-level", "ERROR")[1][0].log_level == "ERROR"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_server_has_the_same_options(command: click.Command) -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    for option in ("transport", "host", "port", "allowed-host", "allowed-origin", "token-env"):
        assert f"--{option} " in shown
    for option in ("log-level", "log-format", "log-file"):
        assert f"--{option} " in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_server_refuses_to_listen_to_the_network_without_a_token(command: click.Command) -> None:
    outcome = CliRunner().invoke(command, ["--transport", "http", "--host", "0.0.0.0"])
    assert outcome.exit_code == 2
    assert "--token-env" in outcome.output
    assert "127.0.0.1" in outcome.output


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "example.com", "127.0.0.1.example.com"])
def test_only_loopback_needs_no_token(host: str) -> None:
    refused = refusal("--transport", "http", "--host", host)
    assert "--token-env" in refused
    _, (serving,) = read("--transport", "http", "--host", host, "--token-env", "T", env={"T": "abc\n"})
    assert serving.token == Token("T", "abc")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_loopback_has_several_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("value", ["", "  ", "口令", "two words", "a\x07b"])
def test_a_token_that_no_header_can_carry_is_refused_by_its_variable(value: str) -> None:
    refused = refusal("--transport", "http", "--token-env", "MY_TOKEN", env={"MY_TOKEN": value})
    assert "MY_TOKEN" in refused
    assert not value.strip() or value not in refused


def test_a_missing_token_is_refused_by_its_variable() -> None:
    assert "'NOWHERE'" in refusal("--transport", "sse", "--token-env", "NOWHERE")


@pytest.mark.parametrize(
    "option",
    [
        ["--host", "127.0.0.1"],
        ["--port", "0"],
        ["--allowed-host", "a"],
        ["--allowed-origin", "https://a"],
        ["--token-env", "T"],
    ],
)
def test_options_for_listening_are_refused_on_stdio(option: list[str]) -> None:
    assert "--transport http" in refusal(*option)


@pytest.mark.parametrize(
    "option",
    [
        ["--allowed-host", "https://a.example"],
        ["--allowed-host", "*"],
        ["--allowed-host", ""],
        ["--allowed-origin", "app.example.com"],
        ["--allowed-origin", "*"],
        ["--allowed-origin", "https://app.example.com/path"],
        ["--port", "65536"],
        ["--port", "x"],
        ["--log-level", "loud"],
        ["--log-format", "xml"],
    ],
)
def test_a_value_of_another_form_is_refused(option: list[str]) -> None:
    assert option[0] in refusal("--transport", "http", *option)


def test_a_token_is_not_shown() -> None:
    assert "abc" not in repr(Serving(token=Token("T", "abc")))
