"""Opens the reranker that a name stands for."""

from collections.abc import Mapping

from tao.errors import ConfigError
from tao.models.rerank.protocol import Reranker

__all__ = ["open_reranker"]

_LOCAL = "sentence-transformers"
_ENDPOINTS = ("openai", "endpoint")


def open_reranker(
    name: str,
    *,
    base_url: str | None = None,
    api_key: str | None = None,
    headers: Mapping[str, str] | None = None,
    device: str | None = None,
    download: bool = False,
) -> Reranker:
    """The reranker `sentence-transformers:NAME_OR_PATH`, or just that name or path, or `endpoint:MODEL`.

    `openai:MODEL` is the same as `endpoint:MODEL`: a service at `base_url`. Nothing is loaded or asked yet.

    Raises:
        ConfigError: the name stands for none, or the service's address is missing or wrong.
    """
    kind, colon, model = name.strip().partition(":")
    # A drive letter of Windows is no kind.
    if not colon or len(kind) == 1:
        kind, model = _LOCAL, name.strip()
    if not model:
        raise ConfigError(
            f"The reranker {name!r} names no model. Write {_LOCAL}:NAME_OR_PATH or endpoint:MODEL."
        )
    if kind in _ENDPOINTS:
        from tao.models.rerank.endpoint import EndpointReranker

        if base_url is None:
            raise ConfigError(
                f"The reranker {name!r} is behind an endpoint, and no address is set. Set "
                "TAO_KNOWLEDGE_RERANKER_URL to a URL like 'http://127.0.0.1:8000/v1'."
            )
        return EndpointReranker(model, base_url=base_url, api_key=api_key, headers=headers)
    if kind == _LOCAL:
        from tao.models.rerank.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(model, device=device, download=download)
    raise ConfigError(
        f"There is no kind of reranker {kind!r}. Write {_LOCAL}:NAME_OR_PATH, endpoint:MODEL or openai:MODEL."
    )
