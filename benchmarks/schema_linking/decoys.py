"""Made-up tables of plausible names, English and Chinese, that no question is about."""

import random
from collections.abc import Iterator
from itertools import cycle, product

from tao_servers.text2sql.schema import Column, Table

__all__ = ["decoys"]

# English and Chinese name, and the type of a column.
_DOMAINS = """
    crm=客户关系 hr=人事 fin=财务 wms=仓储 scm=采购 mes=生产 qc=质检 pos=门店 mall=商城 bi=报表 oa=办公
    cs=客服 mkt=营销 tms=运输 asset=资产 legal=法务 rnd=研发 iot=设备监控 edu=培训 clinic=诊疗
"""
_ENTITIES = """
    contract=合同 invoice=发票 payment_plan=付款计划 approval_step=审批步骤 warehouse_bin=库位
    stock_count=盘点单 shift_roster=排班 leave_request=请假单 payroll_item=工资项 budget_line=预算明细
    service_ticket=工单 coupon_rule=优惠规则 member_level=会员等级 return_order=退货单
    supplier_quote=供应商报价 inspection_log=巡检记录 alarm_event=告警事件 sensor_reading=传感器读数
    visit_record=拜访记录 task_board=任务看板 meeting_room=会议室 audit_trail=审计日志 price_list=价目表
    delivery_route=配送路线 vehicle_usage=用车记录 training_course=培训课程 exam_result=考试成绩
    patient_visit=就诊记录 campaign_channel=投放渠道 exchange_rate=汇率 cost_center=成本中心
    customer_feedback=客户反馈 product_batch=产品批次 store_daily_sales=门店日销售
    device_firmware=设备固件 user_session=用户会话 city_dictionary=城市字典
"""
_COLUMNS = """
    code=编号=TEXT name=名称=TEXT status=状态=TEXT type=类型=TEXT amount=金额=REAL quantity=数量=INTEGER
    unit_price=单价=REAL owner_name=负责人=TEXT department=部门=TEXT city=城市=TEXT region=地区=TEXT
    start_date=开始日期=DATE end_date=结束日期=DATE created_at=创建时间=TIMESTAMP
    updated_at=更新时间=TIMESTAMP remark=备注=TEXT score=评分=REAL level=等级=TEXT currency=币种=TEXT
    is_active=是否有效=BOOLEAN phone=联系电话=TEXT address=地址=TEXT country=国家=TEXT year=年份=INTEGER
    rate=比率=REAL weight=重量=REAL age=年龄=INTEGER version=版本=TEXT
"""


def decoys(count: int) -> list[Table]:
    """`count` tables, the same each time: English, English with Chinese comments, and Chinese ones by turns.

    Raises:
        ValueError: there are not so many names.
    """
    chooser = random.Random(900)
    names = list(product(_parts(_DOMAINS), _parts(_ENTITIES)))
    if count > len(names):
        raise ValueError(f"{count} made-up tables are wanted; there are names for {len(names)}.")
    chooser.shuffle(names)
    tables: list[Table] = []
    for (domain, entity), kind in zip(names[:count], cycle(("en", "commented", "zh")), strict=False):
        tables.append(_table(domain, entity, kind, tables, chooser))
    return tables


def _table(
    domain: list[str], entity: list[str], kind: str, before: list[Table], chooser: random.Random
) -> Table:
    name = f"{domain[1]}_{entity[1]}" if kind == "zh" else f"{domain[0]}_{entity[0]}"
    comment = f"{domain[1]}{entity[1]}" if kind == "commented" else None
    columns = list(_columns(kind, chooser))
    if before and chooser.random() < 0.6:
        target = chooser.choice(before[-12:])
        columns.append(Column(f"{target.name}_id", "INTEGER", references=f"{target.name}.id"))
    return Table(name, tuple(columns), 0, comment)


def _columns(kind: str, chooser: random.Random) -> Iterator[Column]:
    yield Column("id", "INTEGER", primary_key=True)
    for english, chinese, type_ in chooser.sample(_parts(_COLUMNS), chooser.randint(6, 11)):
        name = chinese if kind == "zh" else english
        yield Column(name, type_, comment=chinese if kind == "commented" else None)


def _parts(listed: str) -> list[list[str]]:
    return [entry.split("=") for entry in listed.split()]
