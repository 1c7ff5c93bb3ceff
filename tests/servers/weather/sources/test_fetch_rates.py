"""Rate limits on our side."""

import pytest

from tao_servers.weather.sources.rates import Limit, Rates, limits_of
from tao_servers.weather.sources.source import SourceError


class _Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _rates(*limits: Limit) -> tuple[Rates, _Seconds]:
    clock = _Seconds()
    return Rates(limits=lambda host: limits if host == "known" else (), clock=clock), clock


def test_no_stretch_of_time_sees_more_than_the_limit() -> None:
    rates, clock = _rates(Limit(20, 1))
    times = []
    for _ in range(500):
        clock.now += 0.01
        try:
            rates.take("known", patience=0)
        except SourceError:
            continue
        times.append(clock.now)
    assert len(times) > 50
    assert all(sum(start <= time < start + 1 for time in times) <= 20 for start in times)


def test_turns_come_one_after_another_and_too_long_a_wait_is_busy() -> None:
    rates, clock = _rates(Limit(4, 1))
    assert [rates.take("known", patience=2) for _ in range(4)] == [0, 0, 0.5, 1.0]
    with pytest.raises(SourceError, match="busy: our own limit of requests to it is used up for 2 s"):
        rates.take("known", patience=1.4)
    clock.now += 10
    assert rates.take("known", patience=0) == 0


def test_every_limit_counts() -> None:
    rates, clock = _rates(Limit(10, 1), Limit(20, 3_600))
    for _ in range(10):
        clock.now += 1
        rates.take("known", patience=0)
    with pytest.raises(SourceError, match="busy"):
        rates.take("known", patience=2)


def test_a_pause_that_a_service_asks_for_ends() -> None:
    rates, clock = _rates()
    rates.hold("other", 60)
    with pytest.raises(SourceError, match="of which 60 s are left"):
        rates.take("other", patience=2)
    clock.now += 59
    assert rates.take("other", patience=2) == 1
    assert rates.take("known", patience=0) == 0


def test_the_published_limits_are_those_of_the_free_services() -> None:
    assert limits_of("api.open-meteo.com") == (Limit(600, 60), Limit(5_000, 3_600), Limit(10_000, 86_400))
    assert limits_of("customer-api.open-meteo.com") == ()
    assert limits_of("api.met.no") == (Limit(20, 1),)
    assert limits_of("abc.re.qweatherapi.com")
    assert limits_of("127.0.0.1") == ()
