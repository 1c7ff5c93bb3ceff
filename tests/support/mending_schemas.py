"""A small university in Chinese, and a small record shop in English with names that need quotes."""

from tao_servers.text2sql.schema import Column, Dialect, Schema, Table

__all__ = ["music_schema", "school_schema"]


def school_schema(dialect: Dialect = "sqlite", *, hides: bool = False) -> Schema:
    """Colleges, their graduates and the cities that both are in."""
    return Schema(
        (
            Table(
                "城市",
                (_key("编号"), Column("名称", "text"), Column("常住人口", "int"), Column("所属省份", "text")),
            ),
            Table(
                "高校",
                (
                    _key("编号"),
                    Column("名称", "text"),
                    Column("类别", "text"),
                    Column("本科生数量", "int"),
                    Column("研究生数量", "int"),
                    Column("创办时间", "text"),
                    Column("城市id", "int", references="城市.编号"),
                ),
                hides=hides,
            ),
            Table(
                "名人",
                (
                    _key("编号"),
                    Column("姓名", "text"),
                    Column("毕业院校id", "int", references="高校.编号"),
                    Column("毕业时间", "text", comment="离校年份（四位）"),
                ),
            ),
        ),
        dialect,
        open=not hides,
    )


def music_schema(dialect: Dialect = "sqlite") -> Schema:
    """Singers, concerts and who sang where."""
    return Schema(
        (
            Table("singers", (_key("singer_id"), Column("Name", "text"), Column("birth_year", "int"))),
            Table("concerts", (_key("concert_id"), Column("concert_title", "text"), Column("year", "int"))),
            Table(
                "singer_in_concert",
                (
                    Column("singer_id", "int", references="singers.singer_id"),
                    Column("concert_id", "int", references="concerts.concert_id"),
                    Column("fee", "int"),
                ),
            ),
            Table(
                "order",
                (_key("id"), Column("group", "text"), Column("unit price", "int"), Column("2020年", "int")),
            ),
            Table("Order-Lines", (_key("id"), Column("价格（元）", "int"), Column("amount", "int"))),
        ),
        dialect,
    )


def _key(name: str) -> Column:
    return Column(name, "int", primary_key=True)
