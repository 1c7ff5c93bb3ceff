"""met.no, NWS, QWeather and AMap over the computed weather: as much of each as a fallback needs."""

import datetime
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.weather.world import City, Hour, Weather, city_at, hours_of, today_at, weather_of

__all__ = ["Missing", "amap", "met_no", "nws", "qweather"]

_UTC = datetime.UTC
_DAYS = {"met.no": 9, "nws": 7, "amap": 4}


class Missing(Exception):
    """Answered with 404, as a path or a point that the service does not know."""


def met_no(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """`locationforecast/2.0`, hourly for sixty hours and six-hourly after that, and one warning."""
    latitude, longitude = float(query["lat"]), float(query["lon"])
    if path.startswith("/weatherapi/metalerts/"):
        return {"type": "FeatureCollection", "features": [_met_no_alert(latitude, longitude)]}
    if not path.startswith("/weatherapi/locationforecast/"):
        raise Missing(path)
    hours = _hours_from_now(latitude, longitude, _DAYS["met.no"])
    steps = [
        _met_no_step(time, hour, 1 if number < 60 else 6)
        for number, (time, hour) in enumerate(hours)
        if number < 60 or time.hour % 6 == 0
    ]
    units = {"air_temperature": "celsius", "precipitation_amount": "mm", "wind_speed": "m/s"}
    meta = {"updated_at": _now().strftime("%Y-%m-%dT%H:00:00Z"), "units": units}
    point = {"type": "Point", "coordinates": [longitude, latitude, 10]}
    return {"type": "Feature", "geometry": point, "properties": {"meta": meta, "timeseries": steps}}


def _met_no_step(time: datetime.datetime, hour: Hour, length: int) -> dict[str, Any]:
    details = {
        "air_temperature": hour.temperature,
        "relative_humidity": 60.0,
        "wind_from_direction": 90.0,
        "wind_speed": round(hour.day.wind / 3.6, 1),
        "wind_speed_of_gust": round(hour.day.gusts / 3.6, 1),
    }
    rain = {
        "precipitation_amount": hour.day.rain / 24 * length,
        "probability_of_precipitation": float(hour.day.chance),
    }
    if length > 1:
        rain |= {"air_temperature_max": hour.day.high, "air_temperature_min": hour.day.low}
    symbol = {"symbol_code": "rain" if hour.day.rain else "fair_day"}
    after = {f"next_{length}_hours": {"summary": symbol, "details": rain}}
    return {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "data": {"instant": {"details": details}} | after}


def _met_no_alert(latitude: float, longitude: float) -> dict[str, Any]:
    start = _now()
    interval = [start.isoformat(), (start + datetime.timedelta(hours=12)).isoformat()]
    properties = {
        "title": "Strong wind, yellow level",
        "event": "wind",
        "eventAwarenessName": "Strong wind",
        "severity": "Moderate",
        "area": "Oslo",
        "description": "Gusts up to 90 km/h.",
        "instruction": "Secure loose objects.",
        "certainty": "Likely",
        "id": "test-wind",
    }
    shape = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "geometry": shape, "properties": properties, "when": {"interval": interval}}


def nws(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """`points`, the hourly forecast of its grid, and active alerts; only inside the United States."""
    head, _, rest = path.strip("/").partition("/")
    if head == "alerts":
        latitude, longitude = map(float, query["point"].split(","))
        return {"type": "FeatureCollection", "features": [_nws_alert(_american(latitude, longitude))]}
    if head == "points":
        latitude, longitude = map(float, rest.split(","))
        city = _american(latitude, longitude)
        # The cell's numbers are the point itself, so that the second request needs no memory.
        x, y = round((latitude + 90) * 50), round((longitude + 180) * 25)
        cell = f"https://api.weather.gov/gridpoints/TST/{x},{y}"
        links = {"forecast": f"{cell}/forecast", "forecastHourly": f"{cell}/forecast/hourly"}
        grid = {"gridId": "TST", "gridX": x, "gridY": y}
        return {"properties": grid | links | {"timeZone": city.timezone}}
    if head != "gridpoints" or not rest.endswith("/forecast/hourly"):
        raise Missing(path)
    column, row = map(int, rest.split("/")[1].split(","))
    hours = _hours_from_now(column / 50 - 90, row / 25 - 180, _DAYS["nws"])
    metric = query.get("units") == "si"
    periods = [_nws_period(number, *hour, metric=metric) for number, hour in enumerate(hours, 1)]
    now = _now().isoformat()
    return {"properties": {"generatedAt": now, "updateTime": now, "units": "us", "periods": periods}}


def _american(latitude: float, longitude: float) -> City:
    city = city_at(latitude, longitude)
    if city.country_code != "US":
        raise Missing(f"Unable to provide data for requested point {latitude},{longitude}")
    return city


def _nws_period(number: int, start: datetime.datetime, hour: Hour, *, metric: bool) -> dict[str, Any]:
    light = "day" if 6 <= hour.time.hour < 18 else "night"
    sky = f"rain,{hour.day.chance}" if hour.day.rain else "few"
    return {
        "number": number,
        "startTime": start.isoformat(),
        "endTime": (start + datetime.timedelta(hours=1)).isoformat(),
        "isDaytime": light == "day",
        "temperature": round(hour.temperature if metric else hour.temperature * 1.8 + 32),
        "temperatureUnit": "C" if metric else "F",
        "probabilityOfPrecipitation": {"unitCode": "wmoUnit:percent", "value": hour.day.chance},
        "relativeHumidity": {"unitCode": "wmoUnit:percent", "value": 60},
        "windSpeed": f"{round(hour.day.wind)} km/h" if metric else f"{round(hour.day.wind * 0.6214)} mph",
        "windDirection": "E",
        "icon": f"https://api.weather.gov/icons/land/{light}/{sky}?size=small",
        "shortForecast": "Rain" if hour.day.rain else "Mostly Sunny",
    }


def _nws_alert(city: City) -> dict[str, Any]:
    start = _now()
    properties = {
        "id": "test-flood",
        "status": "Actual",
        "messageType": "Alert",
        "event": "Flood Warning",
        "headline": f"Flood Warning for {city.name}",
        "severity": "Severe",
        "areaDesc": city.name,
        "senderName": "NWS Test",
        "sent": start.isoformat(),
        "effective": start.isoformat(),
        "onset": start.isoformat(),
        "ends": (start + datetime.timedelta(hours=6)).isoformat(),
        "expires": (start + datetime.timedelta(hours=6)).isoformat(),
        "description": "The river rises.",
        "instruction": "Move to higher ground.",
    }
    return {"type": "Feature", "properties": properties}


def qweather(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Days, hours, now, air and warnings; numbers are texts, as QWeather writes them."""
    parts = path.strip("/").split("/")
    if parts[0] in ("airquality", "weatheralert"):
        return _qweather_air() if parts[0] == "airquality" else _qweather_alerts()
    longitude, latitude = map(float, query["location"].split(","))
    zone = ZoneInfo(city_at(latitude, longitude).timezone)
    head = {
        "code": "200",
        "updateTime": _minutes(_now().astimezone(zone)),
        "refer": {"sources": ["QWeather"]},
    }
    last = parts[-1]
    if parts[:2] != ["v7", "weather"]:
        raise Missing(path)
    if last == "now":
        now = _now().astimezone(zone)
        day = weather_of(latitude, longitude, now.date(), today=now.date())
        return head | {
            "now": _qweather_hour(list(hours_of(day))[now.hour], zone) | {"obsTime": _minutes(now)}
        }
    count = int(last[:-1])
    if last.endswith("d"):
        return head | {"daily": [_qweather_day(day) for day in _days(latitude, longitude, count)]}
    now = _now().astimezone(zone).replace(tzinfo=None)
    hours = [hour for hour in _hours(latitude, longitude, count // 24 + 1) if hour.time > now]
    return head | {"hourly": [_qweather_hour(hour, zone) for hour in hours[:count]]}


def _qweather_day(day: Weather) -> dict[str, str]:
    return {
        "fxDate": day.date.isoformat(),
        "sunrise": day.sunrise.strftime("%H:%M"),
        "sunset": day.sunset.strftime("%H:%M"),
        "tempMax": str(round(day.high)),
        "tempMin": str(round(day.low)),
        "iconDay": "306" if day.rain else "101",
        "iconNight": "306" if day.rain else "151",
        "textDay": "中雨" if day.rain else "多云",
        "windSpeedDay": str(round(day.wind)),
        "wind360Day": "90",
        "humidity": "60",
        "precip": str(day.rain),
    }


def _qweather_hour(hour: Hour, zone: ZoneInfo) -> dict[str, str]:
    return {
        "fxTime": _minutes(hour.time.replace(tzinfo=zone)),
        "temp": str(round(hour.temperature)),
        "feelsLike": str(round(hour.temperature - 2)),
        "icon": "306" if hour.day.rain else "101",
        "text": "中雨" if hour.day.rain else "多云",
        "wind360": "90",
        "windSpeed": str(round(hour.day.wind)),
        "humidity": "60",
        "pop": str(hour.day.chance),
        "precip": str(hour.day.rain / 24),
    }


def _qweather_air() -> dict[str, Any]:
    matter = {"code": "pm2p5", "name": "PM 2.5", "concentration": {"value": 41.0, "unit": "μg/m3"}}
    index = {"code": "cn-mee", "name": "AQI (CN)", "aqi": 58, "aqiDisplay": "58"}
    return {"metadata": {"tag": "test"}, "indexes": [index], "pollutants": [matter]}


def _qweather_alerts() -> dict[str, Any]:
    start = _now()
    alert = {
        "id": "test-rain",
        "senderName": "上海中心气象台",
        "messageType": {"code": "alert"},
        "eventType": {"name": "暴雨", "code": "1003"},
        "severity": "moderate",
        "effectiveTime": _minutes(start),
        "onsetTime": _minutes(start),
        "expireTime": _minutes(start + datetime.timedelta(hours=12)),
        "headline": "上海中心气象台发布暴雨蓝色预警",
        "description": "预计明天有暴雨。",
    }
    return {"metadata": {"tag": "test", "zeroResult": False}, "alerts": [alert]}


def amap(path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The code of the county at a point, and its weather, now or for four days."""
    head = {"status": "1", "info": "OK", "infocode": "10000"}
    if path.endswith("/geocode/regeo"):
        part = {"adcode": "310101", "province": "上海市", "city": [], "district": "黄浦区"}
        return head | {"regeocode": {"addressComponent": part, "formatted_address": "上海市黄浦区"}}
    if not path.endswith("/weather/weatherInfo"):
        raise Missing(path)
    # One code is known; AMap has no coordinates in its weather.
    days = list(_days(31.2, 121.5, _DAYS["amap"]))
    place = {"province": "上海", "city": "黄浦区", "adcode": query["city"]}
    place["reporttime"] = _now().astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    if query.get("extensions") != "all":
        live = {"weather": "多云", "temperature": str(round(days[0].high)), "humidity": "60"}
        return head | {"count": "1", "lives": [place | live | {"winddirection": "东", "windpower": "≤3"}]}
    return head | {"count": "1", "forecasts": [place | {"casts": [_amap_day(day) for day in days]}]}


def _amap_day(day: Weather) -> dict[str, str]:
    said = "中雨" if day.rain else "多云"
    return {
        "date": day.date.isoformat(),
        "week": str(day.date.isoweekday()),
        "dayweather": said,
        "nightweather": said,
        "daytemp": str(round(day.high)),
        "nighttemp": str(round(day.low)),
        "daywind": "东",
        "nightwind": "东",
        "daypower": "1-3",
        "nightpower": "1-3",
    }


def _days(latitude: float, longitude: float, count: int) -> Iterator[Weather]:
    today = today_at(city_at(latitude, longitude).timezone)
    return (
        weather_of(latitude, longitude, today + datetime.timedelta(number), today=today)
        for number in range(count)
    )


def _hours(latitude: float, longitude: float, count: int) -> list[Hour]:
    return [hour for day in _days(latitude, longitude, count) for hour in hours_of(day)]


def _hours_from_now(
    latitude: float, longitude: float, count: int
) -> Iterator[tuple[datetime.datetime, Hour]]:
    """The hours from this one on, each with its time in UTC."""
    zone = ZoneInfo(city_at(latitude, longitude).timezone)
    now = _now().replace(minute=0, second=0)
    for hour in _hours(latitude, longitude, count):
        time = hour.time.replace(tzinfo=zone).astimezone(_UTC)
        if time >= now:
            yield time, hour


def _now() -> datetime.datetime:
    return datetime.datetime.now(_UTC).replace(microsecond=0)


def _minutes(time: datetime.datetime) -> str:
    return time.isoformat(timespec="minutes")
