"""Asks an Open-Meteo service for JSON, within limits of time and size."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio
from pydantic import BaseModel, ValidationError

from tao_prompts import Language
from tao_servers.weather.wording import shorten

if TYPE_CHECKING:
    import httpx

__all__ = ["Source", "WeatherError"]

_Form = TypeVar("_Form", bound=BaseModel)
_MAX_BYTES = 1_000_000
_PAUSE_SECONDS = 0.2


class WeatherError(Exception):
    """There is no forecast; the text says what was seen and what to do next."""


class _Refusal(BaseModel):
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One service.

    `setting` is the variable that holds its address, `timeout` the seconds for a reply with its retry, and
    `language` that of the errors.
    """

    client: "httpx.AsyncClient"
    url: str
    setting: str
    timeout: float
    language: Language

    async def get(self, form: type[_Form], params: Mapping[str, str | int | float]) -> _Form:
        """Ask, and read the reply as `form`.

        Raises:
            WeatherError: naming the host, what came from it, and what to do.
        """
        with anyio.move_on_after(self.timeout):
            return self._read(form, await self._body(params))
        raise self._late()

    async def _body(self, params: Mapping[str, str | int | float]) -> bytes:
        import httpx  # costs a twentieth of the start, and only a call needs it

        try:
            status, body = await self._ask(params)
        except httpx.TimeoutException as exc:
            raise self._late() from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            reason = shorten(str(exc) or type(exc).__name__, 150)
            raise self._failure(
                zh=f"连接不上（{reason}）。请检查网络和代理（HTTPS_PROXY），或用 {self.setting} "
                "指定别的服务。",
                en=f"cannot be reached ({reason}). Check the network and the proxy (HTTPS_PROXY), "
                f"or name another service in {self.setting}.",
            ) from exc
        if status != 200:
            raise self._refused(status, body)
        return body

    async def _ask(self, params: Mapping[str, str | int | float]) -> tuple[int, bytes]:
        import httpx

        try:
            status, body = await self._ask_once(params)
            if status < 500:
                return status, body
        except (httpx.NetworkError, httpx.ProtocolError):
            # The second try below reports its own failure.
            pass
        await anyio.sleep(_PAUSE_SECONDS)
        return await self._ask_once(params)

    async def _ask_once(self, params: Mapping[str, str | int | float]) -> tuple[int, bytes]:
        import httpx

        # Merged, because the configured address may carry a customer's key in its query.
        url = httpx.URL(self.url).copy_merge_params(params)
        body = bytearray()
        async with self.client.stream("GET", url) as response:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > _MAX_BYTES:
                    raise self._failure(
                        zh=f"的应答超过 {_MAX_BYTES} 字节。请检查 {self.setting}。",
                        en=f"sent more than {_MAX_BYTES} bytes. Check {self.setting}.",
                    )
        return response.status_code, bytes(body)

    def _read(self, form: type[_Form], body: bytes) -> _Form:
        try:
            return form.model_validate_json(body)
        except ValidationError as exc:
            first = exc.errors()[0]
            if first["type"] == "json_invalid":
                start = shorten(body[:200].decode("utf-8", "replace"), 60)
                raise self._failure(
                    zh=f"的应答不是 JSON（开头是 {start!r}）。中间可能有代理或登录页：请检查网络和 "
                    f"{self.setting}。",
                    en=f"answered with something other than JSON (it begins {start!r}). A proxy or a login "
                    f"page may be in between: check the network and {self.setting}.",
                ) from exc
            where = shorten(".".join(map(str, first["loc"])), 80)
            raise self._failure(
                zh=f"的应答不完整（{where}: {first['msg']}）。请稍后重试，并检查 {self.setting}。",
                en=f"sent an incomplete reply ({where}: {first['msg']}). Try again later, and check "
                f"{self.setting}.",
            ) from exc

    def _refused(self, status: int, body: bytes) -> WeatherError:
        if status == 429:
            return self._failure(
                zh="答复 429（请求过多）。请过一分钟再试。",
                en="answered 429 (too many requests). Wait a minute before asking again.",
            )
        if status >= 500:
            return self._failure(
                zh=f"两次答复 {status}（服务出错）。请稍后重试。",
                en=f"answered {status} twice (it is failing). Try again later.",
            )
        try:
            reason = shorten(_Refusal.model_validate_json(body).reason, 200)
        except ValidationError:
            reason = ""
        answer = f"{status} {reason!r}" if reason else str(status)
        return self._failure(
            zh=f"拒绝了请求，答复 {answer}。请换一个地点，或检查 {self.setting}。",
            en=f"refused the request with {answer}. Ask for another place, or check {self.setting}.",
        )

    def _late(self) -> WeatherError:
        return self._failure(
            zh=f"在 {self.timeout:g} 秒内没有应答。请稍后重试，或增大 TAO_WEATHER_TIMEOUT。",
            en=f"did not answer within {self.timeout:g} s. Try again later, or raise TAO_WEATHER_TIMEOUT.",
        )

    def _failure(self, *, zh: str, en: str) -> WeatherError:
        # Never the whole address, whose user part and query may hold a key; and it may be no URL at all.
        host = re.split("[/?#]", self.url.partition("://")[2] or self.url)[0].rpartition("@")[2]
        return WeatherError(
            f"天气服务 {host} {zh}" if self.language == "zh" else f"The weather service {host} {en}"
        )
