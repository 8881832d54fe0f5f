"""An invented person's clothes buying, as a student would fill in the template, with faults planted."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crm_lib._checks import require_choice

if TYPE_CHECKING:
    import pandas as pd

SHOPS = ("青禾服装店", "云上衣橱", "南门布衣", "小满衣铺")
_CATEGORIES = {"上衣": (60, 260), "外套": (180, 620), "裤子": (80, 300), "裙子": (90, 340), "鞋": (120, 480)}
_SITES = ("网店甲", "网店乙", "二手衣物群", "直播间丙")
_ITEMS = {"上衣": "衬衫", "外套": "风衣", "裤子": "牛仔裤", "裙子": "长裙", "鞋": "运动鞋"}
_PHRASES = ("显瘦", "百搭", "不掉色", "舒服", "好看", "值", "耐穿")
KINDS = (
    "missing",
    "unreadable",
    "not_listed",
    "duplicate",
    "over_total",
    "worn_unused",
    "no_purchase",
    "outside_period",
)

_FIRST_ROW = 3


def make_shopping(
    seed: int, *, year: int = 2024, faults: Sequence[str] = KINDS
) -> tuple[dict[str, Any], dict[str, pd.DataFrame], list[tuple[str, int, str]]]:
    """Invent what one person writes into the template of own shopping.

    Parameters
    ----------
    seed : int
        The same seed gives the same person.
    year : int
        Year of the purchases.
    faults : sequence of str
        Kinds of faults to plant, one of each: of `KINDS`.

    Returns
    -------
    tuple
        The answers of the first sheet; table → rows as written; the planted faults as (table, row of the
        file, kind).

    Raises
    ------
    ParameterError
        A fault is none of `KINDS`.

    Notes
    -----
    Row 1 of a sheet is its header and row 2 the example, so the first row of a table is row 3 of the file.
    """
    import pandas as pd

    for kind in faults:
        require_choice("make_shopping", "faults", kind, KINDS)
    draw = random.Random(seed)
    about = {
        "shop": draw.choice(SHOPS),
        "shop_kind": draw.choice(["实体店", "网店", "两种都有"]),
        "writer": f"同学{draw.choice('甲乙丙丁')}",
        "start_on": dt.date(year, 1, 1),
        "end_on": dt.date(year, 12, 31),
    }
    purchases = _make_purchases(draw, year)
    tables = {
        "purchases": purchases,
        "clicks": _make_clicks(draw, year, purchases),
        "contacts": _make_contacts(draw, year),
        "channels": _make_channels(draw),
        "languages": _make_languages(draw),
        "usage": _make_usage(draw, purchases),
        "wallet": _make_wallet(draw, purchases),
    }
    planted = _plant(draw, tables, year, faults)
    return about, {name: pd.DataFrame(rows) for name, rows in tables.items()}, planted


def _sure(draw: random.Random) -> str:
    return draw.choices(["确定", "大概", "不记得"], [0.75, 0.2, 0.05])[0]


def _day(draw: random.Random, year: int) -> dt.date:
    return dt.date(year, 1, 1) + dt.timedelta(days=draw.randrange(10, 360))


def _make_purchases(draw: random.Random, year: int) -> list[dict[str, Any]]:
    loyal = draw.uniform(0.35, 0.8)
    rows = []
    for day in sorted(_day(draw, year) for _ in range(draw.randrange(10, 19))):
        category = draw.choice(list(_CATEGORIES))
        low, high = _CATEGORIES[category]
        ours = draw.random() < loyal
        place = "本店" if ours else draw.choice(["别的实体店", "别的网店", "直播间"])
        way = {"别的实体店": "到店", "别的网店": "网购", "直播间": "直播"}.get(place) or draw.choice([
            "到店",
            "网购",
        ])
        rows.append({
            "bought_on": day,
            "place": place,
            "way": way,
            "category": category,
            "quantity": draw.choices([1, 2], [0.85, 0.15])[0],
            "amount": float(draw.randrange(low, high)),
            "discounted": draw.random() < 0.55,
            "returned": draw.random() < 0.1,
            "reason": draw.choice(["需要", "换季", "喜欢", "打折", "送人", "活动"]),
            "sure": _sure(draw),
        })
    return rows


def _make_clicks(draw: random.Random, year: int, purchases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bought = [p["bought_on"] for p in purchases if p["way"] in ("网购", "直播")]
    days = [(day, True) for day in bought[:5]] + [
        (_day(draw, year), False) for _ in range(draw.randrange(4, 9))
    ]
    rows = []
    for day, ordered in sorted(days):
        viewed = draw.randrange(3, 30)
        carted = min(viewed, draw.randrange(0, 4) + ordered)
        rows.append({
            "occurred_on": day,
            "site": draw.choice(_SITES),
            "n_viewed": viewed,
            "n_carted": carted,
            "n_saved": draw.randrange(0, 3),
            "minutes": float(draw.randrange(4, 45)),
            "ordered": ordered,
            "sure": _sure(draw),
        })
    return rows


def _make_contacts(draw: random.Random, year: int) -> list[dict[str, Any]]:
    media = ["店内交谈", "微信", "网店客服", "写评价", "售后"]
    talks = ("问尺码", "问有没有货", "退换", "问活动", "说穿着感受")
    return [
        {
            "occurred_on": day,
            "medium": draw.choice(media),
            "direction": draw.choice(["我", "店家"]),
            "topic": draw.choice(talks),
            "outcome": draw.choices(["解决", "没解决", "不需要"], [0.7, 0.15, 0.15])[0],
            "satisfaction": draw.randrange(4, 11),
            "sure": _sure(draw),
        }
        for day in sorted(_day(draw, year) for _ in range(draw.randrange(5, 11)))
    ]


def _make_channels(draw: random.Random) -> list[dict[str, Any]]:
    names = draw.sample(["门店", "网店", "微信", "小程序", "短信", "直播", "朋友介绍"], draw.randrange(3, 6))
    return [
        {
            "channel": name,
            "monthly_times": float(draw.randrange(1, 9)),
            "liking": draw.randrange(1, 6),
            "welcome": draw.random() < 0.6,
            "sure": _sure(draw),
        }
        for name in names
    ]


def _make_languages(draw: random.Random) -> list[dict[str, Any]]:
    places = draw.sample(["店内", "网上客服", "写评价", "同朋友聊", "搜索"], draw.randrange(3, 5))
    return [
        {
            "occasion": place,
            "language": draw.choices(["普通话", "方言", "英语"], [0.7, 0.25, 0.05])[0],
            "phrases": "、".join(draw.sample(_PHRASES, 2)),
            "sure": _sure(draw),
        }
        for place in places
    ]


def _make_usage(draw: random.Random, purchases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for i, bought in enumerate(p for p in purchases if not p["returned"]):
        used = draw.random() < 0.8
        rows.append({
            "product": f"{_ITEMS[bought['category']]}{i + 1}",
            "category": bought["category"],
            "bought_on": bought["bought_on"],
            "amount": bought["amount"],
            "monthly_wears": float(draw.randrange(1, 12)) if used else 0.0,
            "in_use": used,
            "ending": "在用" if used else draw.choice(["闲置", "送人", "捐出", "卖掉"]),
            "sure": _sure(draw),
        })
    return rows


def _make_wallet(draw: random.Random, purchases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for category in dict.fromkeys(p["category"] for p in purchases):
        kept = [p for p in purchases if p["category"] == category and not p["returned"]]
        ours = sum(p["amount"] for p in kept if p["place"] == "本店")
        # a few things were never listed, elsewhere rather than with us
        whole = sum(p["amount"] for p in kept) + float(draw.choice([0, 0, 60, 120]))
        rows.append({"category": category, "category_spend": whole, "our_spend": ours, "sure": _sure(draw)})
    return [r for r in rows if r["category_spend"] > 0]


def _plant(
    draw: random.Random, tables: dict[str, list[dict[str, Any]]], year: int, kinds: Sequence[str]
) -> list[tuple[str, int, str]]:
    """Spoil cells or rows, one of each kind, where nothing else is wrong; a row's number is that in the file."""
    contacts, clicks, usage, wallet = (tables[n] for n in ("contacts", "clicks", "usage", "wallet"))
    planted = []
    for kind in (k for k in KINDS if k in kinds):
        if kind == "missing":
            contacts[0]["medium"], place = None, ("contacts", 0)
        elif kind == "unreadable":
            contacts[1]["satisfaction"], place = "挺好", ("contacts", 1)
        elif kind == "not_listed":
            contacts[2]["medium"], place = "当面", ("contacts", 2)
        elif kind == "outside_period":
            contacts[4]["occurred_on"] = dt.date(year - 1, 11, draw.randrange(1, 28))
            place = ("contacts", 4)
        elif kind == "duplicate":
            contacts.append(dict(contacts[3]))
            place = ("contacts", len(contacts) - 1)
        elif kind == "over_total":
            ours, whole = wallet[0]["our_spend"], wallet[0]["category_spend"]
            wallet[0].update(category_spend=ours, our_spend=whole + 50)
            place = ("wallet", 0)
        elif kind == "worn_unused":
            usage[0].update(in_use=False, monthly_wears=4.0, ending="闲置")
            place = ("usage", 0)
        else:
            clicks.append({**clicks[-1], "occurred_on": dt.date(year, 1, 2), "ordered": True})
            place = ("clicks", len(clicks) - 1)
        planted.append((place[0], place[1] + _FIRST_ROW, kind))
    return planted
