"""The tables of a small shop as every kind of database would describe them, for tests of the rules."""

from tao_servers.text2sql.schema import Column, Dialect, Schema, Table

__all__ = ["DIALECTS", "shop_schema"]

DIALECTS: tuple[Dialect, ...] = ("sqlite", "postgres", "mysql", "duckdb")
_HOMES: dict[Dialect, str | None] = {"sqlite": None, "postgres": "public", "mysql": "shop", "duckdb": "main"}


def shop_schema(dialect: Dialect, *, hides: bool = False) -> Schema:
    """The shop; with `hides` its customers have a column `phone` that nobody may read."""
    return Schema(
        (
            _table("categories", "id int", "name text"),
            _table("customers", "id int", "name text", "city text", "level text", "since date", hides=hides),
            _table("documents", "id int", "data jsonb", "tags text[]", "s struct"),
            _table("order_items", "id int", "order_id int", "product_id int", "quantity int"),
            _table(
                "orders", "id int", "customer_id int", "status text", "total numeric", "ordered_at timestamp"
            ),
            _table(
                "products",
                "id int",
                "category_id int",
                "name text",
                "price numeric",
                "stock int",
                "brand text",
            ),
            _table("suppliers", "id int", "phone text", "mood mood"),
            _table("商品", "名称 text", "单价 numeric"),
            Table("订单 明细", (Column("Id", "int"), Column("商品 名称", "text"))),
            _table("invoices", "id int", schema="sales"),
        ),
        dialect,
        _HOMES[dialect],
        open=not hides,
    )


def _table(name: str, *columns: str, schema: str | None = None, hides: bool = False) -> Table:
    pairs = (column.split(" ", 1) for column in columns)
    return Table(name, tuple(Column(one, kind) for one, kind in pairs), schema=schema, hides=hides)
