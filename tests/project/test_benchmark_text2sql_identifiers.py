"""Ways to keep names right: the grammar of a schema, ASCII names and back, and how they are measured."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.model_cache import Replies
from benchmarks.text2sql.aliasing import AliasedSource, Aliases, ascii_name
from benchmarks.text2sql.bench import Bench
from benchmarks.text2sql.bounding import bounding
from benchmarks.text2sql.figures import table
from benchmarks.text2sql.grammar import grammar, one_of
from benchmarks.text2sql.identifiers import WAYS, measure_identifiers
from benchmarks.text2sql.opening import Endpoint
from tao.models.chat import ChatModel, ChatRequest, Message
from tao.models.openai import OpenAIChat
from tao.settings import ModelSettings
from tao_servers.text2sql.answering.answerer import Answerer
from tao_servers.text2sql.answering.options import Options
from tao_servers.text2sql.answering.preparing import prepared
from tao_servers.text2sql.answering.prompting import messages
from tao_servers.text2sql.database import Database
from tao_servers.text2sql.evaluating.dataset import Item
from tao_servers.text2sql.evaluating.sources import Sources
from tao_servers.text2sql.evaluating.trial import Trial
from tao_servers.text2sql.schema import Column, Dialect, Schema, Table
from tao_servers.text2sql.source import Source
from tao_servers.text2sql.stopping import Stop
from tests.support.gbnf import Gbnf
from tests.support.scripted import ScriptedModel

_TABLES = (
    Table(
        "公司",
        (
            Column("词条id", "TEXT", primary_key=True),
            Column("名称", "TEXT"),
            Column("年营业额", "INTEGER"),
            Column("年营业额增长率", "REAL"),
            Column("成立 时间", "TEXT"),
        ),
    ),
    Table("企业人物", (Column("姓名", "TEXT"), Column("公司id", "TEXT", references="公司.词条id"))),
    Table("stadium", (Column("Name", "TEXT"), Column("Capacity", "INTEGER"), Column("order", "INTEGER"))),
)
_SCHEMA = Schema(_TABLES)

_RIGHT = (
    "SELECT 名称 FROM 公司",
    "select 名称\nfrom 公司\nwhere 年营业额 > 100;",
    "SELECT\n    公司.名称,\n    COUNT(*) AS 人数\nFROM\n    公司\nJOIN"
    "\n    企业人物 ON 企业人物.公司id = 公司.词条id\nGROUP BY 公司.词条id",
    "SELECT T1.名称, T2.姓名 FROM 公司 AS T1 INNER JOIN 企业人物 AS T2 ON T1.词条id=T2.公司id",
    "SELECT a.名称 FROM 公司 a, 企业人物 b WHERE a.词条id = b.公司id",
    "SELECT DISTINCT name, STADIUM.capacity FROM Stadium ORDER BY Capacity DESC LIMIT 3 OFFSET 1",
    "SELECT 名称 FROM 公司 WHERE 年营业额 >= (SELECT AVG(年营业额) FROM 公司) AND 名称"
    " NOT LIKE '%it''s 数据%'",
    "SELECT 名称 FROM 公司 UNION SELECT 姓名 FROM 企业人物 EXCEPT SELECT Name FROM stadium",
    "SELECT * FROM (SELECT 名称 FROM 公司 ORDER BY 年营业额 ASC LIMIT 3) AS t1 UNION ALL"
    " SELECT Name FROM stadium",
    "SELECT CASE WHEN 年营业额 > 1.5 THEN '高' ELSE '低' END AS 级别,"
    " CAST(SUM(年营业额) AS REAL) / 2 FROM 公司 GROUP BY 1",
    "WITH 大 AS (SELECT 名称 FROM 公司), sub AS (\n SELECT 1 FROM stadium) SELECT cte.名称 FROM cte",
    "SELECT (SELECT 年营业额 FROM 公司 WHERE 名称 = 'A') * 1.0 /"
    " (SELECT 年营业额 FROM 公司 WHERE 名称 = 'B')",
    "SELECT 名称, COUNT(*) cnt_all FROM 公司 GROUP BY 名称 HAVING COUNT( * ) >= 2 ORDER BY cnt_all",
    'SELECT "成立 时间", 公司."成立 时间", "公司".名称, "order" FROM "公司"',
    "SELECT STRFTIME('%Y', 名称), SUBSTR(名称, 1, 2) || '年' FROM 公司"
    " WHERE 年营业额 IS NOT NULL OR NOT EXISTS (SELECT 1 FROM stadium)",
    "SELECT ROW_NUMBER() OVER (PARTITION BY 名称 ORDER BY 年营业额 DESC) AS rn, 年营业额增长率 FROM 公司",
    "SELECT COUNT(DISTINCT 名称) FROM 公司 WHERE 年营业额 BETWEEN 1 AND 2"
    " AND 名称 IN ('a','b') AND 年营业额!=-3",
)
_WRONG = (
    "SELECT 名字 FROM 公司",
    "SELECT 名称 FROM 公",
    "SELECT 名称 FROM 公司人物",
    "SELECT 公司.姓名 FROM 公司",
    "SELECT 年营业 FROM 公司",
    "SELECT T1.姓氏 FROM 公司 AS T1",
    "SELECT capacities FROM stadium",
    "SELECT 公司 FROM 公司",
    "SELECT 名称 FROM 名称",
    'SELECT "名字" FROM 公司',
    "SELECT 名称FROM 公司",
    "SELECT NO_SUCH(名称) FROM 公司",
    "DELETE FROM 公司",
    "DROP TABLE 公司",
    "答案是 SELECT 名称 FROM 公司",
    "```sql\nSELECT 名称 FROM 公司\n```",
    "SELECT 名称 FROM 公司; SELECT 名称 FROM 公司",
    "",
)


@pytest.fixture(scope="module")
def allowed() -> Gbnf:
    return Gbnf(grammar(_SCHEMA))


@pytest.mark.parametrize("sql", _RIGHT)
def test_the_grammar_allows_what_models_write_with_the_names_of_the_schema(allowed: Gbnf, sql: str) -> None:
    assert allowed.reach(sql) == sql


@pytest.mark.parametrize("sql", _WRONG)
def test_the_grammar_allows_no_other_names_and_no_other_text(allowed: Gbnf, sql: str) -> None:
    assert not allowed.allows(sql)


@pytest.mark.parametrize("dialect", ["sqlite", "duckdb", "postgres", "mysql"])
def test_the_grammar_quotes_names_as_the_database_does(dialect: Dialect) -> None:
    names = ("plain", "Two Words", 'a"b', "c`d", "back\\slash", "new\nline", "select", "总]^-数", "é", "😀")
    schema = Schema((Table("things", tuple(Column(name, "TEXT") for name in names), schema="s"),), dialect)
    found = Gbnf(grammar(schema))
    quote = "`" if dialect == "mysql" else '"'
    for name in names:
        written = quote + name.replace(quote, quote * 2) + quote
        assert found.allows(f"SELECT {written}, s.things.{written} FROM s.things AS a")
    assert found.allows("SELECT plain FROM s.things")
    assert not found.allows("SELECT Two Words FROM s.things")
    assert not found.allows("SELECT plain FROM things")


def test_a_schema_without_tables_has_a_grammar() -> None:
    assert Gbnf(grammar(Schema(()))).allows("SELECT 1")


@given(st.sets(st.text("abAB年月日 _-\"'\\", min_size=1, max_size=5), min_size=1, max_size=12), st.data())
@settings(max_examples=100, deadline=None)
def test_one_of_some_words_is_each_of_them_in_any_case_and_nothing_else(
    words: set[str], data: st.DataObject
) -> None:
    found = Gbnf(f"root ::= {one_of(words)}\n")
    assert all(found.allows(word) and found.allows(word.swapcase()) for word in words)
    other = data.draw(st.text("abAB年月日 _", max_size=6))
    assert found.allows(other) == (other.lower() in {word.lower() for word in words})


def test_ascii_names_are_short_free_and_the_same_each_time() -> None:
    names = [
        "年龄",
        "年龄",
        "国外驻华大使馆数量",
        "高校id",
        "2月",
        "订单 数",
        "T1",
        "名称",
        "名稱",
        "按",
        "“”",
        "ñ",
    ]
    columns = tuple(Column(name, "TEXT") for name in [*names, "nianling", "mingcheng"])
    aliases = Aliases.of(Schema((Table("表", columns),)))
    assert aliases == Aliases.of(Schema((Table("表", columns),)))
    assert aliases.to_ascii["国外驻华大使馆数量"] == "gwzhdsgsl"
    assert aliases.to_ascii["高校id"] == "gaoxiao_id"
    assert aliases.to_ascii["年龄"] == "nianling_2"
    assert len({aliases.to_ascii[name] for name in ("名称", "名稱")} | {"mingcheng"}) == 3
    assert all(name.isascii() and name.isidentifier() and len(name) <= 27 for name in aliases.to_real)
    assert {"t1", "nianling"}.isdisjoint(aliases.to_ascii)
    assert [aliases.to_real[name] for name in aliases.to_ascii.values()] == [
        name for name in dict.fromkeys(["表", *names]) if not name.isascii()
    ]


@pytest.mark.parametrize("name", ["", " ", "“”", "😀", "\x00"])
def test_what_has_no_reading_has_no_ascii_name(name: str) -> None:
    assert ascii_name(name) == ""


@pytest.mark.parametrize("sql", [sql for sql in _RIGHT if "大 AS" not in sql])
def test_a_statement_goes_into_ascii_names_and_back(sql: str) -> None:
    aliases = Aliases.of(_SCHEMA)
    there = aliases.in_ascii(sql)
    assert Gbnf(grammar(aliases.renamed)).allows(there)
    for name in ("公司", "名称", "年营业额", "姓名", "词条id", "成立 时间"):
        assert name not in _without_texts(there)
    back = aliases.in_real(there)
    assert back.replace('"', "") == sql.replace('"', "")


def _without_texts(sql: str) -> str:
    return "".join(sql.split("'")[::2])


def test_texts_in_quotes_and_names_that_are_real_already_stay() -> None:
    aliases = Aliases.of(_SCHEMA)
    written = "SELECT GongSi.`mingcheng`, [nianyingyee] FROM 公司 WHERE mingcheng = 'mingcheng' -- gongsi"
    assert aliases.in_real(written) == (
        "SELECT 公司.名称, 年营业额 FROM 公司 WHERE 名称 = 'mingcheng' -- gongsi"
    )
    assert aliases.in_real("SELECT mingcheng FRM gongsi (((") == "SELECT 名称 FRM 公司 ((("
    assert aliases.read("SQL:\n```sql\nSELECT mingcheng\n```") == "SELECT 名称"
    assert aliases.in_real("") == ""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "公司.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE 公司 (词条id TEXT PRIMARY KEY, 名称 TEXT, 年营业额 INTEGER);
            CREATE TABLE 企业人物 (姓名 TEXT, 公司id TEXT REFERENCES 公司(词条id));
            INSERT INTO 公司 VALUES ('c1', '甲公司', 300), ('c2', '乙公司', 100);
            INSERT INTO 企业人物 VALUES ('小红', 'c1'), ('小明', 'c2');
            """
        )
    return path


def test_a_prompt_in_ascii_names_says_the_chinese_ones_beside_them(database: Path) -> None:
    with closing(Source(Database("d", str(database)))) as source:
        question = "甲公司的年营业额是多少"
        task = prepared(source, question, Stop(), options=Options())
        aliases = Aliases.of(task.schema)
        shown = prepared(AliasedSource(source, aliases), question, Stop(), options=Options()).shown
        prompt = messages(aliases.told(task, shown))[1].content
    assert "qiyerenwu(xingming \"姓名\" ['小红', '小明'], gongsi_id \"公司id\" = gongsi.citiao_id)" in prompt
    assert "SELECT mingcheng FROM gongsi WHERE nianyingyee >= (SELECT AVG(nianyingyee) FROM gongsi)" in prompt
    # Questions say the Chinese names, and are the same as without.
    assert [one.question for one in task.illustrations] == [
        one.question for one in aliases.told(task, shown).illustrations
    ]
    assert "问：年营业额不低于平均年营业额的公司有哪些？" in prompt


@dataclass
class _Bounds:
    """Gives one model for all grammars, and keeps these."""

    model: ChatModel
    grammars: list[str]

    async def __call__(self, grammar: str) -> tuple[ChatModel, Replies]:
        self.grammars.append(grammar)
        return self.model, Replies(None, {})


async def test_every_way_answers_and_is_compared(database: Path, tmp_path: Path) -> None:
    gold = ("SELECT 年营业额 FROM 公司 WHERE 名称 = '甲公司'",)
    items = [Item("s", "q", "zh", "甲公司的年营业额是多少", database, gold)]
    plain = ScriptedModel(
        "SELECT 年营业 FROM 公司 WHERE 名称 = '甲公司'",
        "```sql\nSELECT nianyingyee FROM gongsi WHERE mingcheng = '甲公司'\n```",
    )
    bounded = ScriptedModel(
        *["SELECT 词条id FROM 公司 WHERE 名称 = '甲公司'"] * 2,
        *["SELECT nianyingyee FROM gongsi WHERE mingcheng = '甲公司'"] * 2,
    )
    told: list[tuple[str, Trial]] = []
    bounds = _Bounds(bounded, [])
    with Sources() as sources:
        bench: Bench[Options] = Bench(
            plain,
            Replies(tmp_path, {}),
            sources,
            Answerer,
            lambda name, trial: told.append((name, trial)),
            lambda text: None,
        )
        found = await measure_identifiers(items, bench, bounds)
    assert {name: one["ex"] for name, one in found.items()} == {
        "none": 0.0, "mend": 1.0, "aliases": 1.0, "aliases+mend": 1.0,
        "grammar": 0.0, "grammar+mend": 0.0, "aliases+grammar": 1.0, "aliases+grammar+mend": 1.0,
    }  # fmt: skip
    assert list(found) == [way.name for way in WAYS]
    assert found["mend"]["differences"] == {"none": {"n": 1, "mean": 1.0, "low": 1.0, "high": 1.0}}
    assert found["aliases"]["differences"]["mend"]["mean"] == 0.0
    # Mending or not, the reply is the same: what is kept is not asked for again.
    assert len(plain.requests) == 2
    assert len(bounded.requests) == 4
    assert ["gongsi" in text for text in bounds.grammars] == [False] * 2 + [
        "gongsi" in bounds.grammars[-1]
    ] * 2
    aliased = next(trial for name, trial in told if name == "aliases")
    assert ("nianyingyee" in aliased.written, aliased.sql) == (True, gold[0])
    assert len(table({"identifiers": found})) == 9
    json.dumps(found)


async def test_the_grammar_goes_into_the_request_as_llama_cpp_and_vllm_take_it() -> None:
    asked: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        reply = {"choices": [{"message": {"content": "SELECT 1"}, "finish_reason": "stop"}]}
        return httpx.Response(200, json=reply)

    own = ModelSettings(base_url="http://127.0.0.1:9/v1", name="m", extra_body={"id_slot": 1})
    kept: list[ModelSettings] = []

    def replies(settings: ModelSettings) -> Replies:
        kept.append(settings)
        return Replies(None, {})

    there = Endpoint(OpenAIChat.from_settings(own), "m", "http://127.0.0.1:9/v1", "", 1)
    async with bounding(there, own, replies, transport=httpx.MockTransport(answer)) as bound:
        first, _ = await bound("root ::= a")
        assert (await bound("root ::= a"))[0] is first
        async for _ in first.stream(ChatRequest([Message("user", "?")])):
            pass
    assert asked[0]["grammar"] == "root ::= a"
    assert asked[0]["structured_outputs"] == {"grammar": "root ::= a"}
    assert asked[0]["id_slot"] == 1
    # What is kept is kept for this grammar alone.
    assert [one.extra_body["grammar"] for one in kept] == ["root ::= a"]
