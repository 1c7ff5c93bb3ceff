from pathlib import Path

import pytest

from tao.errors import ConfigError
from tao.settings import Settings, cache_dir, config_dir, data_dir, load_settings, state_dir

SECRET = "sk-only-i-may-know"


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_own(text: str) -> None:
    config_dir().mkdir(parents=True, exist_ok=True)
    (config_dir() / "tao.toml").write_text(text, encoding="utf-8")


def write_here(text: str | bytes) -> None:
    Path("tao.toml").write_bytes(text.encode() if isinstance(text, str) else text)


def test_without_any_source_the_defaults_hold() -> None:
    settings = load_settings()
    assert settings.model.base_url is None
    assert settings.model.dialect == "auto"
    assert settings.agent.max_steps == 8


@pytest.mark.parametrize(
    ("variable", "value", "section", "field", "wanted"),
    [
        ("TAO_MODEL_NAME", "千问", "model", "name", "千问"),
        ("TAO_MODEL_BASE_URL", "http://127.0.0.1:1/v1", "model", "base_url", "http://127.0.0.1:1/v1"),
        ("tao_model_base_url", "http://127.0.0.1:1/v1", "model", "base_url", "http://127.0.0.1:1/v1"),
        ("TAO_MODEL_API_KEY_ENV", "MY_KEY", "model", "api_key_env", "MY_KEY"),
        ("TAO_MODEL_MAX_TOKENS", "77", "model", "max_tokens", 77),
        ("TAO_MODEL_FIRST_TOKEN_TIMEOUT", "1.5", "model", "first_token_timeout", 1.5),
        (
            "TAO_MODEL_EXTRA_BODY",
            '{"top_k": 1, "x": {"y": 2}}',
            "model",
            "extra_body",
            {"top_k": 1, "x": {"y": 2}},
        ),
        ("TAO_AGENT_MAX_STEPS", "3", "agent", "max_steps", 3),
        ("TAO_AGENT_OBSERVATION_CHARS", "900", "agent", "observation_chars", 900),
        ("TAO_AGENT_PROMPTS", "mine", "agent", "prompts", Path("mine")),
        ("TAO_KNOWLEDGE_PATH", "store", "knowledge", "path", Path("store")),
        ("TAO_TEXT2SQL_MAX_ROWS", "5", "text2sql", "max_rows", 5),
        ("TAO_INFO_PROFILE", "me.toml", "info", "profile", Path("me.toml")),
        ("TAO_WEATHER_FORECAST_URL", "http://127.0.0.1:1/", "weather", "forecast_url", "http://127.0.0.1:1/"),
    ],
)
def test_a_variable_sets_the_field_of_its_section(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, section: str, field: str, wanted: object
) -> None:
    monkeypatch.setenv(variable, value)
    assert getattr(getattr(load_settings(), section), field) == wanted


def test_databases_are_set_by_json_or_by_a_table_each(monkeypatch: pytest.MonkeyPatch) -> None:
    write_own('[text2sql.databases.shop]\npath = "a.sqlite"\n')
    assert load_settings().text2sql.databases["shop"].path == Path("a.sqlite")
    monkeypatch.setenv("TAO_TEXT2SQL_DATABASES", '{"店": {"path": "b.sqlite"}}')
    assert load_settings().text2sql.databases["店"].path == Path("b.sqlite")


def test_the_environment_wins_over_the_folder_and_the_folder_over_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_own('[model]\nname = "own"\nbase_url = "http://own/v1"\nmax_tokens = 1\n[agent]\nmax_steps = 2\n')
    assert load_settings().model.name == "own"
    write_here('[model]\nname = "here"\nmax_tokens = 7\n')
    monkeypatch.setenv("TAO_MODEL_NAME", "variable")
    settings = load_settings()
    model = settings.model
    assert (model.name, model.base_url, model.max_tokens) == ("variable", "http://own/v1", 7)
    assert settings.agent.max_steps == 2


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAO_MODEL_BASE_URL", "")
    assert load_settings().model.base_url is None


@pytest.mark.parametrize(
    "field",
    [
        "model.base_url",
        "model.api_key",
        "model.api_key_env",
        "agent.prompts",
        "weather.forecast_url",
        "weather.geocoding_url",
    ],
)
def test_the_folder_may_not_say_where_data_goes(field: str) -> None:
    section, name = field.split(".")
    write_here(f'[{section}]\n{name} = "http://evil.example/v1"\n')
    with pytest.raises(ConfigError, match=field):
        load_settings()


def test_a_path_may_begin_with_the_home_folder() -> None:
    write_own('[info]\nprofile = "~/me.toml"\n[text2sql.databases.shop]\npath = "~/shop.sqlite"\n')
    settings = load_settings()
    assert settings.info.profile == Path.home() / "me.toml"
    assert settings.text2sql.databases["shop"].path == Path.home() / "shop.sqlite"


def test_a_key_is_read_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAO_MODEL_API_KEY", SECRET)
    settings = load_settings()
    assert settings.model.api_key is not None
    assert settings.model.api_key.get_secret_value() == SECRET
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("TAO_MODEL_MAX_TOKENS", "many", "model.max_tokens"),
        ("TAO_MODEL_MAX_TOKENS", "0", "model.max_tokens"),
        ("TAO_MODEL_DIALECT", "native", "model.dialect"),
        ("TAO_MODEL_NONSENSE", SECRET, "model.nonsense"),
        ("TAO_MODEL_EXTRA_BODY", f"[{SECRET!r}", "model"),
        ("TAO_MODEL_EXTRA_BODY", f'["{SECRET}"]', "model.extra_body"),
        ("TAO_MODEL", SECRET, "model"),
        ("TAO_MODEL", f'{{"api_key": "{SECRET}", "max_tokens": "{SECRET}"}}', "model.max_tokens"),
        ("TAO_AGENT_MAX_STEPS", "-1", "agent.max_steps"),
        ("TAO_AGENT_TIMEOUT", "nan", "agent.timeout"),
        ("TAO_AGENT_OBSERVATION_CHARS", "1", "agent.observation_chars"),
        ("TAO_TEXT2SQL_DATABASES", '{"shop": {}}', "text2sql.databases.shop"),
    ],
)
def test_a_wrong_variable_is_named_and_its_value_is_not(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str
) -> None:
    monkeypatch.setenv("TAO_MODEL_API_KEY", SECRET)
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert named in str(caught.value)
    assert "TAO_" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f'[model]\napi_keys = "{SECRET}"\n', "model.api_keys"),
        (f'[model]\napi_key = ["{SECRET}"]\n', "model.api_key"),
        ("[agent]\nmax_step = 3\n", "agent.max_step"),
        ("[agent]\nmax_steps = 'three'\n", "agent.max_steps"),
        ("[text2sql]\nmax_row = 1\n", "text2sql.max_row"),
        (f"model = '{SECRET}'\n", "model"),
    ],
)
def test_a_wrong_entry_of_a_file_is_named_and_its_value_is_not(text: str, named: str) -> None:
    write_here(text)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert named in str(caught.value)
    assert "tao.toml" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_wrong_database_is_named_and_its_address_is_not() -> None:
    write_own(f'[text2sql.databases.shop]\nurl = "mysql://u:{SECRET}@h/d"\n')
    with pytest.raises(ConfigError, match="leave the password out") as caught:
        load_settings()
    assert "text2sql.databases.shop" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_all_wrong_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    write_here("[agent]\nmax_steps = 0\n")
    monkeypatch.setenv("TAO_MODEL_MAX_TOKENS", "x")
    with pytest.raises(ConfigError, match=r"model\.max_tokens.*agent\.max_steps"):
        load_settings()


@pytest.mark.parametrize(
    "content",
    [
        b"[model",
        f'key = "{SECRET}'.encode(),
        b'[model]\nname = "a"\nname = "b"\n',
        b"\x00\x01\x02",
        b"\xff\xfe\x00",
        '[model]\nname = "千问"'.encode("gbk"),
        '[model]\nname = "x"'.encode("utf-16"),
        b"[" * 1_000_000,
    ],
)
def test_a_file_that_is_no_toml_is_named(content: bytes) -> None:
    write_here(content)
    with pytest.raises(ConfigError, match=r"'tao\.toml' cannot be read") as caught:
        load_settings()
    assert SECRET not in str(caught.value)


def test_a_broken_file_in_the_users_folder_is_named_by_its_path() -> None:
    write_own("[model")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert repr(str(config_dir() / "tao.toml")) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"", None), (b"# nothing\n", None), (b"\xef\xbb\xbf[model]\r\nname = 'x'\r\n", "x")],
)
def test_an_empty_file_and_one_written_on_windows_are_read(content: bytes, name: str | None) -> None:
    write_here(content)
    assert load_settings().model.name == name


def test_a_folder_called_tao_toml_is_no_file() -> None:
    Path("tao.toml").mkdir()
    assert load_settings() == Settings()


def test_the_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().model.name = "other"


def test_each_kind_of_data_has_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    folders = [config_dir(), data_dir(), state_dir(), cache_dir()]
    assert folders == [tmp_path / name / "tao" for name in ("CONFIG", "DATA", "STATE", "CACHE")]
