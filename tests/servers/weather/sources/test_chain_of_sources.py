"""Scripted outages of each source and of all, and what is said and used each time."""

import datetime
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import httpx
import pytest

from tao.settings import WeatherSettings
from tao_prompts import Language
from tao_servers.weather.errors import WeatherError
from tao_servers.weather.sources import Answer, Weather
from tao_servers.weather.sources.available import Available, available_sources
from tao_servers.weather.sources.source import Failure, Fetch, SourceError, Span, Spot, Wanted
from tao_servers.weather.values import Day, Report
from tests.support.open_meteo_reply import NOON, SHANGHAI, SPAN, TODAY, Clock, forecast_reply

FORECAST: frozenset[Wanted] = frozenset({"forecast"})
EVERY_FAILURE: tuple[Failure, ...] = (
    "unreachable",
    "late",
    "busy",
    "failing",
    "refused",
    "no key",
    "unreadable",
    "out of range",
)


@dataclass
class _Scripted:
    """A source that fails as it is told to, or fetches from its own address and reports a day."""

    name: str
    fetch: Fetch | None = None
    failure: SourceError | None = None
    covered: bool = True
    gives: frozenset[Wanted] = FORECAST
    asked: list[Span] = field(default_factory=list)
    attribution: str = "Somebody, CC BY"

    def covers(self, spot: Spot) -> bool:
        return self.covered

    async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
        self.asked.append(span)
        if self.failure is not None:
            raise self.failure
        assert self.fetch is not None
        url = f"https://{self.name}.test/{span.today}"
        reply = await self.fetch(url, {}, keep=datetime.timedelta(minutes=15))
        if b"bad" in reply.body:
            raise SourceError("unreadable", "no weather")
        return Report(
            source=self.name,
            attribution=self.attribution,
            time_zone=spot.time_zone,
            fetched=reply.fetched,
            expires=reply.expires,
            days=(Day(date=span.first, temperature_max=len(reply.body)),),
        )


class _Built:
    """Makes the same scripted sources over each fetch."""

    def __init__(self, *sources: _Scripted) -> None:
        self.sources = sources

    def __call__(self, settings: WeatherSettings, keys: Mapping[str, str], fetch: Fetch) -> Available:
        return Available(tuple(replace(source, fetch=fetch) for source in self.sources))


def _good(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={})


async def _answer(folder: Path, *sources: _Scripted, wanted: Wanted = "forecast") -> Answer:
    transport = httpx.MockTransport(_good)
    weather = Weather(
        WeatherSettings(), cache=folder, transport=transport, clock=Clock(), build=_Built(*sources)
    )
    async with weather:
        return await weather.ask(SHANGHAI, SPAN, wanted, language="en")


async def _refused(
    folder: Path, *sources: _Scripted, wanted: Wanted = "forecast", language: Language = "en"
) -> str:
    weather = Weather(WeatherSettings(), cache=folder, clock=Clock(), build=_Built(*sources))
    async with weather:
        with pytest.raises(WeatherError) as caught:
            await weather.ask(SHANGHAI, SPAN, wanted, language=language)
    return str(caught.value)


async def test_the_first_source_that_answers_is_taken(tmp_path: Path) -> None:
    first, second = _Scripted("first"), _Scripted("second")
    answer = await _answer(tmp_path, first, second)
    assert (answer.report.source, answer.tried, answer.stale_seconds) == ("first", (), None)
    assert not second.asked


@pytest.mark.parametrize("failure", EVERY_FAILURE)
async def test_a_source_that_fails_makes_room_for_the_next(tmp_path: Path, failure: Failure) -> None:
    answer = await _answer(tmp_path, _Scripted("first", failure=SourceError(failure)), _Scripted("second"))
    # A source that has nothing for those days is no outage.
    tried = () if failure == "out of range" else (("first", failure),)
    assert (answer.report.source, answer.tried) == ("second", tried)


async def test_each_source_in_turn_can_be_out(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    for out in names:
        sources = [_Scripted(name, failure=SourceError("failing") if name == out else None) for name in names]
        answer = await _answer(tmp_path / out, *sources)
        assert answer.report.source == ("b" if out == "a" else "a")
        assert answer.tried == ((("a", "failing"),) if out == "a" else ())


async def test_a_source_that_does_not_suit_is_passed_over_in_silence(tmp_path: Path) -> None:
    elsewhere, no_alerts = _Scripted("elsewhere", covered=False), _Scripted("no-alerts")
    good = _Scripted("good", gives=frozenset({"alerts"}))
    answer = await _answer(tmp_path, elsewhere, no_alerts, good, wanted="alerts")
    assert (answer.report.source, answer.tried) == ("good", ())
    assert not elsewhere.asked
    assert not no_alerts.asked


async def test_a_source_that_hangs_is_given_up_and_the_next_is_asked(tmp_path: Path) -> None:
    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.host == "first.test":
            await anyio.sleep_forever()
        return httpx.Response(200, json={})

    settings = WeatherSettings(timeout=0.05)
    built = _Built(_Scripted("first"), _Scripted("second"))
    with anyio.fail_after(5):
        transport = httpx.MockTransport(handler)
        async with Weather(settings, cache=tmp_path, transport=transport, build=built) as weather:
            answer = await weather.ask(SHANGHAI, SPAN, "forecast", language="zh")
    assert (answer.report.source, answer.tried) == ("second", (("first", "late"),))


class _Service:
    """One address whose answer can be changed."""

    def __init__(self) -> None:
        self.response: httpx.Response | Exception = httpx.Response(200, json={"good": 1})

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.response, Exception):
            raise self.response
        return self.response


@pytest.mark.parametrize(
    "outage",
    [
        httpx.ConnectError("down"),
        httpx.ReadTimeout("slow"),
        httpx.Response(500),
        httpx.Response(429),
        httpx.Response(403),
        httpx.Response(200, text="<html>log in</html>"),
        httpx.Response(200, json={"bad": True}),
    ],
)
async def test_in_an_outage_the_last_good_reply_is_used_and_its_age_told(
    tmp_path: Path, outage: httpx.Response | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    service, clock = _Service(), Clock()
    transport, built = httpx.MockTransport(service), _Built(_Scripted("only"))
    async with Weather(
        WeatherSettings(), cache=tmp_path, transport=transport, clock=clock, pause=0, build=built
    ) as weather:
        good = await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        clock.forward(hours=5)
        service.response = outage
        for _ in range(2):
            answer = await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
            assert answer.report == good.report
            assert answer.stale_seconds == 5 * 3600
            assert [name for name, _ in answer.tried] == ["only"]
        service.response = httpx.Response(200, json={"good": 2})
        fresh = await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
    assert (fresh.stale_seconds, fresh.tried) == (None, ())
    stale = [record for record in caplog.records if record.getMessage() == "stale"]
    assert [record.__dict__["fields"]["age_seconds"] for record in stale] == [18_000, 18_000]


async def test_the_newest_kept_reply_of_any_source_is_used(tmp_path: Path) -> None:
    clock, answers = Clock(), {"first.test": 200, "second.test": 500}

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(answers[request.url.host], json={})

    transport = httpx.MockTransport(handler)
    built = _Built(_Scripted("first"), _Scripted("second"))
    async with Weather(
        WeatherSettings(), cache=tmp_path, transport=transport, clock=clock, pause=0, build=built
    ) as weather:
        await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        clock.forward(hours=1)
        answers |= {"first.test": 500, "second.test": 200}
        await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        clock.forward(hours=1)
        answers |= {"second.test": 500}
        answer = await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
    assert (answer.report.source, answer.stale_seconds) == ("second", 3600)
    assert answer.tried == (("first", "failing"), ("second", "failing"))


async def test_a_kept_reply_outlives_midnight_but_not_a_day(tmp_path: Path) -> None:
    service, clock = _Service(), Clock()
    transport, built = httpx.MockTransport(service), _Built(_Scripted("only"))
    tomorrow = TODAY + datetime.timedelta(days=1)
    async with Weather(
        WeatherSettings(), cache=tmp_path, transport=transport, clock=clock, pause=0, build=built
    ) as weather:
        await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        clock.forward(hours=23)
        service.response = httpx.Response(500)
        answer = await weather.ask(SHANGHAI, Span(tomorrow, tomorrow, tomorrow), "forecast", language="en")
        assert answer.stale_seconds == 23 * 3600
        clock.forward(hours=2)
        with pytest.raises(WeatherError, match="The cache has nothing of the last 24 hours either"):
            await weather.ask(SHANGHAI, SPAN, "forecast", language="en")


async def test_open_meteo_is_stale_across_midnight_without_a_now(tmp_path: Path) -> None:
    service, clock = _Service(), Clock()
    service.response = httpx.Response(200, json=forecast_reply())
    transport = httpx.MockTransport(service)
    settings = WeatherSettings(sources=("open-meteo",))
    tomorrow = TODAY + datetime.timedelta(days=1)
    async with Weather(settings, cache=tmp_path, transport=transport, clock=clock, pause=0) as weather:
        await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        clock.forward(hours=14)
        service.response = httpx.ConnectError("down")
        answer = await weather.ask(SHANGHAI, Span(tomorrow, tomorrow, tomorrow), "forecast", language="en")
    assert answer.stale_seconds == 14 * 3600
    assert [day.date for day in answer.report.days] == [tomorrow]
    assert answer.report.fetched == NOON
    assert answer.report.now is None


async def test_a_kept_reply_that_its_source_cannot_read_is_forgotten(tmp_path: Path) -> None:
    service = _Service()
    transport, built = httpx.MockTransport(service), _Built(_Scripted("only"))
    service.response = httpx.Response(200, json={"bad": 1})
    async with Weather(WeatherSettings(), cache=tmp_path, transport=transport, clock=Clock()) as weather:
        # As the geocoder does, which has no source to accept it.
        await weather.fetch(f"https://only.test/{TODAY}", {}, keep=datetime.timedelta(minutes=15))
    service.response = httpx.Response(200, json={"good": 1})
    async with Weather(
        WeatherSettings(), cache=tmp_path, transport=transport, clock=Clock(), build=built
    ) as weather:
        with pytest.raises(WeatherError):
            await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        assert (await weather.ask(SHANGHAI, SPAN, "forecast", language="en")).report.source == "only"


async def test_a_report_of_impossible_values_counts_as_unreadable(tmp_path: Path) -> None:
    class _Impossible(_Scripted):
        async def ask(self, spot: Spot, span: Span, wanted: Wanted) -> Report:
            Day(date=span.first, temperature_max=float("inf"))
            raise AssertionError

    answer = await _answer(tmp_path, _Impossible("first"), _Scripted("second"))
    assert answer.tried == (("first", "unreadable"),)


async def test_all_failing_says_who_was_asked_what_each_said_and_what_to_do(tmp_path: Path) -> None:
    sources = (
        _Scripted("open-meteo", failure=SourceError("unreachable", "[Errno 111] Connection refused")),
        _Scripted("met.no", failure=SourceError("failing", "503 (tried 3 times)")),
        _Scripted("nws", covered=False),
    )
    assert await _refused(tmp_path, *sources) == (
        "No source could give the forecast: open-meteo cannot be reached ([Errno 111] Connection refused); "
        "met.no is failing (503 (tried 3 times)); nws has nothing for this place or these days. "
        "The cache has nothing of the last 24 hours either. What to do: check the network and the proxy "
        "(HTTPS_PROXY); try again in a few minutes."
    )
    assert await _refused(tmp_path, *sources, language="zh") == (
        "查不到天气预报：open-meteo 连接不上（[Errno 111] Connection refused）；"
        "met.no 服务出错（503（试了 3 次））；nws 没有该地点或日期的数据。"
        "缓存里也没有 24 小时以内的数据。建议：检查网络和代理（HTTPS_PROXY）；过几分钟再试。"
    )


@pytest.mark.parametrize("failure", EVERY_FAILURE)
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_each_failure_has_words_and_advice(
    tmp_path: Path, failure: Failure, language: Language
) -> None:
    text = await _refused(
        tmp_path, _Scripted("open-meteo", failure=SourceError(failure, "seen")), language=language
    )
    assert "open-meteo" in text
    assert "seen" in text
    assert ("建议：" if language == "zh" else "What to do: ") in text
    assert len(text) < 500


async def test_no_source_of_warnings_is_not_no_warning(tmp_path: Path) -> None:
    assert await _refused(tmp_path, _Scripted("open-meteo"), wanted="alerts") == (
        "No source could give weather warnings: none of the sources that are set up has it. "
        "That does not mean that there are none. What to do: set or check the keys "
        "(TAO_WEATHER_QWEATHER_KEY_ENV and TAO_WEATHER_AMAP_KEY_ENV name the variables that hold them)."
    )
    assert "已启用的来源都不提供。这不等于没有预警。" in await _refused(
        tmp_path, _Scripted("open-meteo"), wanted="alerts", language="zh"
    )


async def test_our_own_words_in_details_are_chinese_in_chinese(tmp_path: Path) -> None:
    settings = WeatherSettings(sources=("open-meteo", "amap"), amap_key_env="MY_KEY", timeout=2)
    answers: tuple[httpx.Response | Exception, ...] = (
        httpx.ReadTimeout("slow"),
        httpx.Response(200, text="<html>登录"),
        httpx.Response(500),
    )
    texts = []
    for number, answer in enumerate(answers):
        service = _Service()
        service.response = answer
        transport = httpx.MockTransport(service)
        async with Weather(settings, cache=tmp_path / str(number), transport=transport, pause=0) as weather:
            with pytest.raises(WeatherError) as caught:
                await weather.ask(SHANGHAI, SPAN, "forecast", language="zh")
        texts.append(str(caught.value))
    assert "amap 没有可用的密钥（没有环境变量 MY_KEY）；open-meteo 超时未答（2 秒内没有应答）" in texts[0]
    assert "open-meteo 应答无法读取（不是 UTF-8 的 JSON，开头是 '<html>登录'）" in texts[1]
    assert "open-meteo 服务出错（500（试了 3 次））" in texts[2]


async def test_sources_without_a_key_are_named_only_when_all_fail(tmp_path: Path) -> None:
    settings = WeatherSettings(sources=("qweather", "amap", "open-meteo"))
    replies = [httpx.Response(200, json=forecast_reply()), httpx.Response(403)]
    transport = httpx.MockTransport(lambda _: replies.pop(0))
    async with Weather(settings, cache=tmp_path, transport=transport, clock=Clock()) as weather:
        assert (await weather.ask(SHANGHAI, SPAN, "forecast", language="en")).tried == ()
    async with Weather(settings, cache=tmp_path / "2", transport=transport, clock=Clock()) as weather:
        with pytest.raises(WeatherError) as caught:
            await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
    assert "qweather has no valid key (none is set); amap has no valid key (none is set)" in str(caught.value)


async def test_where_only_a_key_would_bring_warnings_the_key_is_the_advice(tmp_path: Path) -> None:
    transport = httpx.MockTransport(_good)
    weather = Weather(WeatherSettings(), cache=tmp_path, transport=transport, clock=Clock())
    async with weather:
        with pytest.raises(WeatherError) as caught:
            await weather.ask(SHANGHAI, SPAN, "alerts", language="en")
    assert "qweather has no valid key (none is set)" in str(caught.value)
    assert "What to do: set or check the keys" in str(caught.value)
    # It has no warnings, with a key or without.
    assert "amap has" not in str(caught.value)


async def test_a_key_that_was_set_up_and_is_missing_is_told(tmp_path: Path) -> None:
    settings = WeatherSettings(sources=("amap", "open-meteo"), amap_key_env="MY_KEY")
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=forecast_reply()))
    async with Weather(settings, cache=tmp_path, transport=transport, clock=Clock()) as weather:
        answer = await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
    assert answer.tried == (("amap", "no key"),)


async def test_the_settings_choose_the_sources_and_their_order(tmp_path: Path) -> None:
    async with Weather(WeatherSettings(), cache=tmp_path) as weather:
        settings = WeatherSettings(
            sources=("met.no", "amap", "open-meteo", "met.no"), amap_key_env="KEY", contact="me@a.test\n"
        )
        found = available_sources(settings, {"amap": "secret"}, weather.fetch)
    assert [source.name for source in found.sources] == ["met.no", "amap", "open-meteo"]


async def test_a_key_stays_out_of_messages_cache_and_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = WeatherSettings(
        sources=("open-meteo",), forecast_url="https://user:pass-word@weather.test/v1?apikey=customer-key"
    )
    replies = [
        httpx.Response(200, json=forecast_reply()),
        httpx.Response(401, json={"reason": "The key customer-key of user:pass-word is not valid"}),
    ]
    transport = httpx.MockTransport(lambda _: replies.pop(0))
    clock = Clock()
    async with Weather(settings, cache=tmp_path, transport=transport, clock=clock) as weather:
        await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
        clock.forward(days=2)
        with pytest.raises(WeatherError) as caught:
            await weather.ask(SHANGHAI, SPAN, "forecast", language="zh")
    assert "没有可用的密钥（401 The key … of …:… is not valid）" in str(caught.value)
    kept = "".join(path.name + path.read_text(encoding="utf-8") for path in _files(tmp_path))
    logged = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "customer-key" not in kept + logged + str(caught.value)
    assert "pass-word" not in kept + logged + str(caught.value)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_a_proxy_that_cannot_be_used_is_told_with_what_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "carrier-pigeon://x")
    settings = WeatherSettings(sources=("open-meteo",))
    async with Weather(settings, cache=tmp_path) as weather:
        with pytest.raises(WeatherError, match="the proxy settings cannot be used: check HTTPS_PROXY"):
            await weather.ask(SHANGHAI, SPAN, "forecast", language="en")
