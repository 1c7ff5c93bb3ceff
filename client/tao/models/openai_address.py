"""Where an OpenAI-compatible endpoint is."""

import ipaddress
import re

import httpx

from tao.errors import ConfigError

__all__ = ["Address"]

FORM = "Set TAO_MODEL_BASE_URL to a URL like 'http://127.0.0.1:8000/v1'."


class Address:
    """A checked base URL.

    Raises:
        ConfigError: the URL is not http or https, or has no host.
    """

    def __init__(self, base_url: str) -> None:
        try:
            url = httpx.URL(base_url.strip())
        except httpx.InvalidURL as exc:
            raise ConfigError(
                f"The model's base URL {_masked(base_url)!r} is no URL ({exc}). {FORM}"
            ) from exc
        if url.scheme not in {"http", "https"} or not url.host:
            raise ConfigError(
                f"The model's base URL {_masked(base_url)!r} does not begin with http:// or https:// "
                f"and a host. {FORM}"
            )
        path = url.path.rstrip("/").removesuffix("/chat/completions")
        self._url = url.copy_with(path=path, fragment=None)

    def __str__(self) -> str:
        """The URL as messages show it: without a password or a query, which may hold a key."""
        return str(self._url.copy_with(userinfo=b"", query=None))

    def of(self, path: str) -> httpx.URL:
        """The URL of one of the endpoint's paths."""
        return self._url.copy_with(path=f"{self._url.path.rstrip('/')}/{path}")

    def direct(self) -> dict[str, None]:
        """What to mount on a client so that a host on this machine is never asked for through a proxy."""
        host = self._url.host
        if not _is_loopback(host):
            return {}
        return {f"all://[{host}]" if ":" in host else f"all://{host}": None}


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _masked(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//", url)[:200]
