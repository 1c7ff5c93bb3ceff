"""Which chat model a command uses: that of the settings, or the one that its options name."""

from tao.settings import ModelSettings

__all__ = ["chosen_model"]


def chosen_model(settings: ModelSettings, name: str | None, base_url: str | None) -> ModelSettings:
    """The settings with the model `name` and the endpoint `base_url` instead of theirs, where given."""
    from tao.models.local.catalog import CATALOG

    if base_url is not None:
        settings = settings.model_copy(update={"base_url": base_url, "name": name or settings.name})
    elif name is not None:
        # An embedded model that is asked for by its name is meant, whatever endpoint the settings have.
        url = None if name in CATALOG else settings.base_url
        settings = settings.model_copy(update={"name": name, "base_url": url})
    return settings
