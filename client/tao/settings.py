"""One frozen settings object, read once at the edge.

Sources, the later ones winning: `tao.toml` in the user's configuration folder, `./tao.toml`, `TAO_*`
environment variables (`TAO_MODEL_BASE_URL` is `base_url` in `[model]`). A secret is given by the name of
the environment variable that holds it; only `TAO_MODEL_API_KEY` is read directly.
"""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tao.errors import ConfigError

__all__ = [
    "AgentSettings",
    "ConfigError",
    "DatabaseSettings",
    "DialectName",
    "InfoSettings",
    "KnowledgeSettings",
    "ModelSettings",
    "Settings",
    "SmallModelSettings",
    "SplitterName",
    "StageName",
    "StrategyName",
    "Text2sqlSettings",
    "WeatherSettings",
    "WeatherSource",
    "cache_dir",
    "config_dir",
    "data_dir",
    "load_settings",
    "state_dir",
]


DialectName = Literal["auto", "tools", "schema", "text"]
SplitterName = Literal["auto", "lines", "fixed", "recursive", "markdown", "code", "semantic", "parents"]
StageName = Literal["rewrite", "dense", "keyword", "rerank", "boost", "diversify", "refuse"]
StrategyName = Literal["react", "cot", "cot_sc", "react>cot_sc", "cot_sc>react"]
WeatherSource = Literal["open-meteo", "met.no", "nws", "qweather", "amap"]

UserPath = Annotated[Path, AfterValidator(Path.expanduser)]
"""A path that may begin with `~`."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ModelSection(_Section):
    """A model, and how long it may take."""

    name: str | None = Field(default=None, description="Model name; `local` and `local-small` are embedded.")
    base_url: str | None = Field(default=None, description="OpenAI-compatible endpoint, with its `/v1`.")
    api_key: SecretStr | None = None
    api_key_env: str | None = Field(default=None, description="Environment variable that holds the key.")
    extra_body: dict[str, Any] = Field(default_factory=dict, description="Fields added to each request.")
    dialect: DialectName = "auto"
    temperature: float = 0.0
    max_tokens: int = Field(default=1024, gt=0, description="Longest single reply.")
    window: int | None = Field(
        default=None,
        gt=0,
        description="Tokens that the model reads; default: as refusals tell.",
    )
    connect_timeout: float = Field(default=10.0, gt=0, description="Seconds.")
    first_token_timeout: float = Field(default=180.0, gt=0, description="Seconds.")
    token_timeout: float = Field(default=60.0, gt=0, description="Seconds between two tokens.")
    attempts: int = Field(default=4, ge=1, description="Tries on 429, 5xx and connection errors.")
    idle_seconds: float = Field(default=600.0, ge=0, description="Life of the embedded model after a run.")


class SmallModelSettings(_ModelSection):
    """`[model.small]`: the model that takes simple steps, such as a rewrite or a judgement."""


class ModelSettings(_ModelSection):
    """`[model]`: which model answers."""

    small: SmallModelSettings | None = Field(default=None, description="A smaller model for simple steps.")


class AgentSettings(_Section):
    """`[agent]`: the loop's limits and the user's own prompts."""

    max_steps: int = Field(default=8, ge=1)
    max_tool_calls: int = Field(default=40, ge=1, description="Calls of a whole run.")
    max_tokens: int | None = Field(
        default=None,
        ge=1,
        description="Tokens sent and received in a run; default: no bound.",
    )
    patience: int = Field(default=4, ge=1, description="Steps in a row that may bring nothing new.")
    timeout: float = Field(default=600.0, gt=0, description="Seconds for a whole run.")
    last_word_timeout: float = Field(
        default=90.0, gt=0, description="Seconds for the best answer after a limit."
    )
    tool_timeout: float = Field(
        default=60.0, gt=0, description="Seconds for one call, unless its entry says."
    )
    connect_timeout: float = Field(default=20.0, gt=0, description="Seconds until a server must answer.")
    observation_chars: int | None = Field(
        default=None, ge=500, description="Longest observation shown to a model; by default by its window."
    )
    prompts: UserPath | None = Field(default=None, description="Folder whose files replace built-in prompts.")
    place: str | None = Field(default=None, description="Where the user is.")
    strategy: StrategyName = Field(default="react", description="How a question is worked at.")
    samples: int = Field(default=5, ge=1, le=40, description="Samples that vote in `cot_sc`.")
    memory: bool = Field(
        default=False, description="Show the model the user's own answers rated good to like questions."
    )


class KnowledgeSettings(_Section):
    """`[knowledge]`: the passages that `search_knowledge` finds."""

    path: UserPath | None = Field(default=None, description="The store; default: in the data folder.")
    collection: str = Field(default="default", min_length=1, description="Which collection is meant.")
    embedder: str = Field(default="bundled", description="What makes the vectors.")
    upgrade: str = Field(
        default="auto",
        description="What takes over later, or `off`; `auto`: `bundled-large` where it can.",
    )
    stages: tuple[StageName, ...] = Field(
        default=("rewrite", "dense", "keyword", "rerank", "boost", "diversify", "refuse"),
        description="What a search does, of these; one without a model or rules for it does nothing.",
    )
    rewrite: Literal["auto", "off", "always"] = Field(
        default="auto", description="Whether the model rewrites queries; `auto`: not one under 4B."
    )
    hyde: bool = Field(default=False, description="Whether it also writes a passage as might be found.")
    reranker: str | None = Field(default=None, description="What reads query and passage together.")
    rules: tuple[dict[str, Any], ...] = Field(
        default=(), description="What is ranked higher or lower: `where` with `weight`, or `newer`."
    )
    embedder_url: str | None = Field(default=None, description="Where `openai:MODEL` is served.")
    reranker_url: str | None = Field(default=None, description="Where a reranker is served.")
    api_key_env: str | None = Field(default=None, description="Variable with the key of these two.")
    device: str | None = Field(
        default=None, description="`cuda`, `mps` or `cpu`; default: the best there is."
    )
    chroma_url: str | None = Field(default=None, description="A Chroma server; default: files in the store.")
    chroma_token_env: str | None = Field(default=None, description="Variable with the token of that server.")
    chroma_tenant: str | None = Field(default=None, description="Tenant on that server.")
    chroma_database: str | None = Field(default=None, description="Database on that server.")
    splitter: SplitterName = Field(default="auto", description="How documents are cut.")
    chunk_tokens: int = Field(default=200, ge=16, le=8000, description="Most tokens of a chunk.")
    overlap_tokens: int = Field(default=32, ge=0, description="Shared by neighbours, with `fixed`.")
    workers: int | None = Field(default=None, ge=1, le=64, description="Processes that read files.")
    file_megabytes: int = Field(default=200, ge=1, description="Largest file that is read.")
    file_seconds: float = Field(default=120.0, gt=0, description="Longest time for reading one file.")
    file_memory_megabytes: int = Field(default=2048, ge=128, description="Memory for reading one file.")
    ocr: bool | None = Field(default=None, description="Read pictures; default: if `ocr` is installed.")
    vector_cache_megabytes: int = Field(default=1024, ge=0, description="Vectors kept for texts met again.")
    enrich: bool = Field(default=False, description="Have the model summarise documents and guess questions.")


class DatabaseSettings(_Section):
    """`[text2sql.databases.NAME]`: one database, read-only. One of `path`, `url` and `url_env` says where."""

    path: UserPath | None = Field(
        default=None, description="A SQLite or DuckDB file, csv, parquet, json or xlsx, or a folder of these."
    )
    url: str | None = Field(default=None, description="SQLAlchemy URL without a password.")
    url_env: str | None = Field(default=None, description="Variable that holds the whole URL.")
    password_env: str | None = Field(default=None, description="Variable with the password for `url`.")
    comments: UserPath | None = Field(default=None, description="Sidecar YAML; default: beside the file.")
    schemas: tuple[str, ...] = Field(default=(), description="Schemas that may be read; default: all.")
    tables: tuple[str, ...] = Field(default=(), description="Tables that may be read, such as `sales.*`.")
    hidden: tuple[str, ...] = Field(default=(), description="Columns never read, such as `*.password`.")
    functions: tuple[str, ...] = Field(default=(), description="Further functions that SQL may call.")
    max_rows: int | None = Field(default=None, ge=1, description="Default: that of `[text2sql]`.")
    timeout: float | None = Field(default=None, gt=0, description="Default: that of `[text2sql]`.")
    max_scan: float | None = Field(default=None, gt=0, description="Default: that of `[text2sql]`.")
    connections: int = Field(default=5, ge=1, le=100, description="Most connections at a time.")

    @model_validator(mode="after")
    def _one_place(self) -> "DatabaseSettings":
        if sum(given is not None for given in (self.path, self.url, self.url_env)) != 1:
            raise ValueError("give one of `path`, `url` and `url_env`")
        if self.url is not None and urlsplit(self.url).password is not None:
            raise ValueError("leave the password out of `url`: name a variable with it in `password_env`")
        return self


class Text2sqlSettings(_Section):
    """`[text2sql]`: databases and the limits of one query."""

    databases: dict[str, DatabaseSettings] = Field(default_factory=dict)
    max_rows: int = Field(default=100, ge=1)
    timeout: float = Field(default=10.0, gt=0, description="Seconds for one query.")
    max_scan: float = Field(
        default=1e9, gt=0, description="Rows that a plan may expect to go through before it is refused."
    )
    candidates: int = Field(default=3, ge=1, le=9, description="Statements written for a question at most.")
    repairs: int = Field(default=1, ge=0, le=5, description="Times that a failed statement is written anew.")
    judge: bool = Field(default=False, description="Whether the model checks its answer to a question.")


class InfoSettings(_Section):
    """`[info]`: the profiles that get_info reads."""

    profile: UserPath | None = Field(
        default=None, description="The profile of `get_my_info`; default: the one that ships."
    )
    folder: UserPath | None = Field(default=None, description="Folder of further profiles.")


class WeatherSettings(_Section):
    """`[weather]`: where forecasts come from."""

    sources: tuple[WeatherSource, ...] = Field(
        default=("open-meteo", "met.no", "nws", "qweather", "amap"),
        min_length=1,
        description="Asked in this order, until one answers.",
    )
    units: Literal["metric", "imperial"] = "metric"
    forecast_url: str = "https://api.open-meteo.com/v1/forecast"
    geocoding_url: str = "https://geocoding-api.open-meteo.com/v1/search"
    air_quality_url: str = "https://air-quality-api.open-meteo.com/v1/air-quality"
    metno_url: str = "https://api.met.no/weatherapi"
    nws_url: str = "https://api.weather.gov"
    qweather_url: str | None = Field(default=None, description="The API host that QWeather gave to the key.")
    qweather_key_env: str | None = Field(default=None, description="Environment variable with its key.")
    amap_url: str = "https://restapi.amap.com"
    amap_key_env: str | None = Field(default=None, description="Environment variable with its key.")
    contact: str | None = Field(
        default=None, description="Your e-mail address or site, sent to met.no and NWS, which ask for one."
    )
    timeout: float = Field(default=10.0, gt=0, description="Seconds for one source, its retries included.")
    cache: UserPath | None = Field(
        default=None, description="Folder of replies; default: in the cache folder."
    )


_OF_THE_FOLDER = Path("tao.toml")
_WHERE_DATA_GOES = (
    ("model", "base_url"),
    ("model", "api_key"),
    ("model", "api_key_env"),
    ("model", "small"),
    ("agent", "prompts"),
    ("info", "folder"),
    ("info", "profile"),
    # A folder's own entry could send a password elsewhere, or show what the user's own entry hides.
    ("text2sql", "databases"),
    *(
        ("knowledge", field)
        for field in (
            "embedder",
            "upgrade",
            "rewrite",
            "hyde",
            "reranker",
            "embedder_url",
            "reranker_url",
            "api_key_env",
            "chroma_url",
            "chroma_token_env",
            "enrich",
        )
    ),
    *(
        ("weather", field)
        for field in (
            "forecast_url",
            "geocoding_url",
            "air_quality_url",
            "metno_url",
            "nws_url",
            "qweather_url",
            "qweather_key_env",
            "amap_url",
            "amap_key_env",
            "cache",
        )
    ),
)


class _TomlSource(TomlConfigSettingsSource):
    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        try:
            # Decoded here, since `tomllib` takes no byte order mark, which some editors write.
            values = tomllib.loads(file_path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as exc:
            raise ConfigError(f"The settings file {str(file_path)!r} cannot be read: {exc}") from exc
        if file_path == _OF_THE_FOLDER:
            _refuse_redirection(values)
        return values


def _refuse_redirection(values: dict[str, Any]) -> None:
    """Questions, what was found and the key must not go where somebody else's folder says."""
    for section, field in _WHERE_DATA_GOES:
        table = values.get(section)
        if isinstance(table, dict) and field in table:
            raise ConfigError(
                f"The {str(_OF_THE_FOLDER)!r} of the current folder sets {section}.{field}, which says where "
                f"your data goes. Set it in {str(config_dir() / 'tao.toml')!r} or by "
                f"TAO_{section.upper()}_{field.upper()}."
            )


class Settings(BaseSettings):
    """Everything that may be set, for client and servers alike."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="TAO_",
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        toml_file=None,
    )

    model: ModelSettings = ModelSettings()
    agent: AgentSettings = AgentSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    text2sql: Text2sqlSettings = Text2sqlSettings()
    info: InfoSettings = InfoSettings()
    weather: WeatherSettings = WeatherSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: arguments, environment, `./tao.toml`, the user's `tao.toml`."""
        files = [config_dir() / "tao.toml", _OF_THE_FOLDER]
        return init_settings, env_settings, _TomlSource(settings_cls, files, deep_merge=True)


def load_settings() -> Settings:
    """Read every source once.

    Raises:
        ConfigError: naming each setting that is wrong.
    """
    try:
        return Settings()
    except ValidationError as exc:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors()]
        raise ConfigError("Wrong settings (TAO_* variables or tao.toml): " + "; ".join(lines)) from exc
    except ValueError as exc:
        raise ConfigError(f"The TAO_* variables cannot be read (objects are JSON): {exc}") from exc


def config_dir() -> Path:
    """The user's configuration folder of Tao."""
    return platformdirs.user_config_path("tao", appauthor=False)


def data_dir() -> Path:
    """Where collections live."""
    return platformdirs.user_data_path("tao", appauthor=False)


def state_dir() -> Path:
    """Where run logs and the state of model processes live."""
    return platformdirs.user_state_path("tao", appauthor=False)


def cache_dir() -> Path:
    """Where weights and tool lists live; all of it can be made again."""
    return platformdirs.user_cache_path("tao", appauthor=False)
