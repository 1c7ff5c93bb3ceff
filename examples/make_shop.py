"""Make the example shop, a SQLite database with Chinese content: `python examples/make_shop.py [PATH]`.

Everything in it is invented, and the same on every run.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

CUSTOMERS, PRODUCTS, ORDERS = 800, 300, 5432
VERSION = 1
SCHEMA = """
CREATE TABLE categories (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, gender TEXT NOT NULL, city TEXT NOT NULL,
    level TEXT NOT NULL, registered_on TEXT NOT NULL);
CREATE TABLE products (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, brand TEXT NOT NULL,
    category_id INTEGER NOT NULL REFERENCES categories(id),
    price REAL NOT NULL, stock INTEGER NOT NULL, listed_on TEXT NOT NULL);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers(id),
    ordered_at TEXT NOT NULL, status TEXT NOT NULL, payment TEXT NOT NULL, total REAL NOT NULL);
CREATE TABLE order_items (
    order_id INTEGER NOT NULL REFERENCES orders(id),
    product_id INTEGER NOT NULL REFERENCES products(id),
    quantity INTEGER NOT NULL, unit_price REAL NOT NULL,
    PRIMARY KEY (order_id, product_id)) WITHOUT ROWID;
CREATE INDEX orders_customer ON orders(customer_id);
CREATE INDEX orders_time ON orders(ordered_at);
CREATE INDEX items_product ON order_items(product_id);
"""
# Name, price and stock of the products that the documentation asks for, by category.
FIXED = {
    "手机数码": [
        ("iPhone 15 Pro Max", "Apple", 7999.0, 120),
        ("iPhone 15 Pro", "Apple", 6999.0, 85),
        ("iPhone 15", "Apple", 4999.0, 210),
    ],
    "母婴用品": [("儿童安全座椅", "小熊星", 699.0, 64)],
}
# By category: the lowest and the highest price, and what is sold.
GOODS = {
    "手机数码": (59, 5999, "智能手机 平板电脑 蓝牙耳机 智能手表 移动电源 数码相机 手机壳 充电器"),
    "电脑办公": (39, 8999, "轻薄笔记本 游戏本 机械键盘 无线鼠标 显示器 打印机 移动硬盘 路由器"),
    "家用电器": (89, 6999, "电饭煲 空气炸锅 扫地机器人 滚筒洗衣机 变频空调 对开门冰箱 加湿器 电水壶"),
    "母婴用品": (19, 1299, "婴儿推车 纸尿裤 奶瓶 婴儿床 儿童餐椅 积木玩具 爬行垫 婴儿湿巾"),
    "服装鞋帽": (49, 1299, "羽绒服 牛仔裤 运动鞋 连衣裙 衬衫 棒球帽 针织衫 帆布鞋"),
    "食品饮料": (9, 399, "坚果礼盒 龙井茶 挂耳咖啡 纯牛奶 牛肉干 东北大米 蜂蜜 燕麦片"),
    "图书文具": (5, 199, "长篇小说 儿童绘本 中性笔 笔记本子 数学练习册 地图册 钢笔 书包"),
    "运动户外": (29, 2999, "跑步机 瑜伽垫 登山包 帐篷 羽毛球拍 篮球 公路自行车 泳镜"),
    "美妆个护": (19, 899, "洗面奶 保湿面霜 口红 电动牙刷 洗发水 防晒霜 剃须刀 护手霜"),
    "家居家具": (29, 4999, "布艺沙发 实木餐桌 乳胶枕 四件套 台灯 书柜 人体工学椅 收纳箱"),
    "汽车用品": (19, 1999, "行车记录仪 车载充电器 机油 汽车坐垫 车载吸尘器 胎压监测器 雨刷 洗车水枪"),
    "宠物用品": (9, 699, "猫粮 狗粮 猫砂 宠物窝 逗猫棒 自动喂食器 牵引绳 猫抓板"),
}
BRANDS = ["星野", "云朵", "山岚", "青木", "海澜湾", "极川", "橙果", "小熊星", "北辰", "锦时"]
VARIANTS = ["", " Pro", " 标准版", " 升级版", " 家庭装", " 2024款", " 2025款"]
CITIES = {
    "上海": 16,
    "北京": 15,
    "深圳": 12,
    "广州": 11,
    "杭州": 10,
    "成都": 9,
    "武汉": 6,
    "南京": 6,
    "西安": 5,
}
CITIES |= {"重庆": 5, "苏州": 4, "天津": 4, "青岛": 3}
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN_1 = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"
GIVEN_2 = "秀英桂英子涵欣怡浩然宇轩诗涵梓萱思远雨桐嘉豪俊杰佳琪文博晓东雪梅志强建国婷婷小龙"
GIVEN = [*GIVEN_1, *map("".join, zip(GIVEN_2[::2], GIVEN_2[1::2], strict=True))]
LEVELS = {"普通会员": 70, "银卡会员": 20, "金卡会员": 10}
PAYMENTS = {"微信支付": 48, "支付宝": 40, "银行卡": 12}
STATUSES = {"已完成": 84, "已取消": 10, "已退款": 6}
RECENT_STATUSES = {"已完成": 30, "已发货": 40, "待发货": 20, "已取消": 10}
# June and November have the big sales of the year.
MONTHS = dict(zip(range(1, 13), (9, 6, 8, 8, 9, 14, 8, 8, 9, 10, 18, 12), strict=True))
FIRST_DAY, LAST_DAY = date(2023, 1, 1), date(2025, 12, 31)


def pick(random: Random, weights: dict[str, int]) -> str:
    """One key, as often as its weight says."""
    return random.choices(list(weights), list(weights.values()))[0]


def make_customers(random: Random) -> list[tuple[int, str, str, str, str, str]]:
    """Customers in the order in which they registered; a quarter did so before the first order."""
    days = sorted(
        FIRST_DAY
        + timedelta(days=random.randrange(-365, 0) if i < CUSTOMERS // 4 else random.randrange(1050))
        for i in range(CUSTOMERS)
    )
    return [
        (
            number,
            random.choice(SURNAMES) + random.choice(GIVEN),
            random.choice("男女"),
            pick(random, CITIES),
            pick(random, LEVELS),
            day.isoformat(),
        )
        for number, day in enumerate(days, 1)
    ]


def make_products(random: Random) -> list[tuple[int, str, str, int, float, int, str]]:
    """The fixed products of each category, filled up with invented ones."""
    rows: list[tuple[int, str, str, int, float, int, str]] = []
    share = PRODUCTS // len(GOODS)
    for category, (name, (low, high, goods)) in enumerate(GOODS.items(), 1):
        wanted = list(FIXED.get(name, []))
        names = {f"{b}{g}{v}": b for b in BRANDS for g in goods.split() for v in VARIANTS}
        for full_name in random.sample(sorted(names), share - len(wanted)):
            # The cube makes cheap goods common and dear ones rare.
            price = low + (high - low) * random.random() ** 3
            wanted.append((full_name, names[full_name], round(price) - 0.1, random.randrange(500)))
        for full_name, brand, price, stock in wanted:
            listed = date(2022, 1, 1) + timedelta(days=random.randrange(360))
            rows.append((len(rows) + 1, full_name, brand, category, price, stock, listed.isoformat()))
    return rows


def make_times(random: Random) -> list[datetime]:
    """The moments of all orders, sorted; more in each year than in the one before."""
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    weights = [MONTHS[day.month] * (day.year - 2020) for day in days]
    chosen = random.choices(days, weights, k=ORDERS)
    midnight = datetime.min.time()
    return sorted(
        datetime.combine(day, midnight) + timedelta(seconds=random.randrange(7 * 3600, 86400))
        for day in chosen
    )


def fill(connection: sqlite3.Connection) -> None:
    """Write all rows."""
    random = Random(2025)
    customers, products = make_customers(random), make_products(random)
    connection.executemany("INSERT INTO categories VALUES (?, ?)", enumerate(GOODS, 1))
    connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)", customers)
    connection.executemany("INSERT INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", products)
    registered = [row[-1] for row in customers]
    orders, items = [], []
    known = 0
    for number, moment in enumerate(make_times(random), 1):
        while known < CUSTOMERS and registered[known] < moment.date().isoformat():
            known += 1
        basket = random.sample(products, random.choices((1, 2, 3, 4), (45, 30, 15, 10))[0])
        lines = [(number, p[0], random.choices((1, 2, 3), (75, 18, 7))[0], p[4]) for p in basket]
        recent = moment.date() > LAST_DAY - timedelta(days=14)
        status = pick(random, RECENT_STATUSES if recent else STATUSES)
        total = round(sum(quantity * price for _, _, quantity, price in lines), 2)
        customer = random.randrange(known) + 1
        orders.append((number, customer, str(moment), status, pick(random, PAYMENTS), total))
        items.extend(lines)
    connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)", orders)
    connection.executemany("INSERT INTO order_items VALUES (?, ?, ?, ?)", items)


def is_complete(path: Path) -> bool:
    """Whether this version of the shop is there with all its orders."""
    if not path.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (orders,) = connection.execute("SELECT count(*) FROM orders").fetchone()
    except sqlite3.DatabaseError:
        return False
    return (version, orders) == (VERSION, ORDERS)


def make_shop(path: Path) -> None:
    """Write the database beside `path`, then move it there in one step."""
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=path.name, suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        with closing(sqlite3.connect(part)) as connection:
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA foreign_keys = ON;" + SCHEMA)
            with connection:
                fill(connection)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def main(words: list[str] | None = None) -> None:
    """Make the shop unless it is there; `words` are the command line's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", nargs="?", type=Path, default=Path(__file__).with_name("shop.sqlite"))
    parser.add_argument("--force", action="store_true", help="make it again, also when it is complete")
    arguments = parser.parse_args(words)
    path: Path = arguments.path
    if is_complete(path) and not arguments.force:
        print(f"{path} is there already.")
        return
    try:
        make_shop(path)
    except OSError as exc:
        sys.exit(f"{path} cannot be written: {exc.strerror}.")
    print(f"Made {path}: {CUSTOMERS} customers, {PRODUCTS} products, {ORDERS} orders.")


if __name__ == "__main__":
    main()
