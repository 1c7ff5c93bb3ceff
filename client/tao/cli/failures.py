"""How a failure is told on stderr: in English as it was raised, in Chinese with its kind and a hint."""

import click

from tao.cli.terminal import say
from tao.cli.words import language, t
from tao.errors import ConfigError, ModelError, ServerError, TaoError

__all__ = ["failure_line", "show_usage_error"]


def failure_line(exc: TaoError) -> str:
    """What stands on stderr: one line, and in Chinese a second one where there is advice by kind."""
    if language() == "en":
        return f"agent: {exc}"
    hint = _hint(exc)
    return f"agent: {_lead(exc)}{exc}" + (f"\n{hint}" if hint else "")


def show_usage_error(exc: click.ClickException) -> None:
    """Print an error of the arguments with the usage of the command."""
    # A subclass with a `show` of its own is no error but a page, such as the help of a bare group.
    if language() == "en" or not isinstance(exc, click.UsageError) or _shows_itself(exc):
        exc.show()
        return
    if exc.ctx is not None:
        say(exc.ctx.get_usage(), err=True)
        say(t("Try '{command} --help' for help.", command=exc.ctx.command_path) + "\n", err=True)
    say(t("Wrong use: {message}", message=_said(exc)), err=True)


def _shows_itself(exc: click.UsageError) -> bool:
    return type(exc).show is not click.UsageError.show


def _lead(exc: TaoError) -> str:
    match exc:
        case ConfigError():
            return t("Wrong configuration or use: ")
        case ModelError():
            return t("Model failure: ")
        case ServerError():
            return t("Server failure: ")
    return t("Failure: ")


def _hint(exc: TaoError) -> str | None:
    match exc:
        case ModelError(status=status):
            return _model_hint(status)
        case ServerError(server=server):
            return t(
                "Hint: `agent doctor` tries every part; without need of {server!r}, choose the others with "
                "--server.",
                server=server,
            )
        case ConfigError() if type(exc) is not ConfigError:
            return _list_hint(exc)
    return None


def _list_hint(exc: ConfigError) -> str | None:
    # Not at the top: the toolbox is slow to load, and here its error can only be there if it is.
    from tao.toolbox.approved_lists import UnapprovedListError

    if isinstance(exc, UnapprovedListError):
        return t(
            "Hint: look at what it starts, then run `agent allow {path}`, or name it with --config.",
            path=exc.path,
        )
    return None


def _model_hint(status: int | None) -> str | None:
    if status is None:
        return t(
            "Hint: `agent doctor` tries every part. Set TAO_MODEL_BASE_URL to your endpoint, or get the "
            "embedded model with `agent model pull local`."
        )
    if status in {401, 403}:
        return t("Hint: check TAO_MODEL_API_KEY, or model.api_key_env in tao.toml.")
    if status in {404, 405}:
        return t("Hint: check TAO_MODEL_BASE_URL (it ends in /v1) and TAO_MODEL_NAME.")
    if status == 429:
        return t("Hint: too many requests, or the quota is used up; ask again later.")
    if status >= 500:
        return t("Hint: see the log of the model's server, or ask again later.")
    return None


def _said(exc: click.UsageError) -> str:
    """Click's message, in our words where its class says what is wrong."""
    match exc:
        case click.NoSuchOption(option_name=name, possibilities=possible):
            said = t("There is no option {name}.", name=name)
            return said + (t(" Did you mean {names}?", names=", ".join(possible)) if possible else "")
        case click.MissingParameter(param=click.Parameter() as param):
            return t("{name} is missing.", name=param.get_error_hint(exc.ctx))
        case click.BadParameter(param=click.Parameter(type=click.Choice(choices=choices)) as param):
            name, known = param.get_error_hint(exc.ctx), ", ".join(choices)
            return t("The value of {name} is wrong. It is one of: {known}.", name=name, known=known)
        case click.BadParameter(param=click.Parameter() as param):
            name = param.get_error_hint(exc.ctx)
            return t("The value of {name} is wrong: {message}", name=name, message=exc.message)
    return exc.format_message()
