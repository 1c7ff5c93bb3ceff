"""Which chat model a command uses: that of the settings, or the one that its options name."""

import click

from tao.settings import ModelSettings

__all__ = ["chosen_model"]

_NO_MODEL = (
    "Writing SQL takes a chat model, and none is set. Set TAO_MODEL_BASE_URL (or base_url in [model] of your"
    " tao.toml, or --base-url) to an OpenAI-compatible endpoint such as 'http://127.0.0.1:8000/v1'; or say"
    " --model local for the embedded one, which `agent model pull local` fetches."
)


def chosen_model(settings: ModelSettings, name: str | None, base_url: str | None) -> ModelSettings:
    """The settings with the model `name` and the endpoint `base_url` instead of theirs, where given.

    Raises:
        click.UsageError: no model is named anywhere.
    """
    from tao.models.local.catalog import CATALOG

    if base_url is not None:
        settings = settings.model_copy(update={"base_url": base_url, "name": name or settings.name})
    elif name is not None:
        # An embedded model that is asked for by its name is meant, whatever endpoint the settings have.
        url = None if name in CATALOG else settings.base_url
        settings = settings.model_copy(update={"name": name, "base_url": url})
    if settings.base_url is None and settings.name is None:
        raise click.UsageError(_NO_MODEL)
    return settings
