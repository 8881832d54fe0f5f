"""Order files as different systems export them: one generated business, many disguises."""

from __future__ import annotations

import numpy as np
import pandas as pd


def make_orders(n_customers: int = 120, seed: int = 1) -> pd.DataFrame:
    """Return order lines (customer, order, date, sku, quantity, unit price, amount)."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n_customers):
        for _ in range(rng.integers(1, 9)):
            day = pd.Timestamp("2023-01-05") + pd.Timedelta(days=int(rng.integers(0, 700)))
            order = len(rows) + 536000
            for _ in range(rng.integers(1, 4)):
                quantity, price = int(rng.integers(1, 6)), round(float(rng.gamma(3, 12)) + 1, 2)
                sku = f"S{rng.integers(100, 160)}"
                moment = day + pd.Timedelta(minutes=int(rng.integers(480, 1200)))
                rows.append((
                    f"{12000 + i}",
                    str(order),
                    moment,
                    sku,
                    quantity,
                    price,
                    round(quantity * price, 2),
                ))
    names = ["customer", "order", "when", "sku", "quantity", "price", "amount"]
    return pd.DataFrame(rows, columns=names)


def online_retail(orders, path):
    """English headers, quantity × price, cancellations with a C, missing ids, postage, d/m/y dates."""
    table = pd.DataFrame({
        "InvoiceNo": orders["order"],
        "StockCode": orders["sku"],
        "Description": "ITEM " + orders["sku"],
        "Quantity": orders["quantity"].astype(str),
        "InvoiceDate": orders["when"].dt.strftime("%d/%m/%Y %H:%M"),
        "UnitPrice": orders["price"].astype(str),
        "CustomerID": orders["customer"] + ".0",
        "Country": "United Kingdom",
    })
    table.loc[table.index[::17], "CustomerID"] = ""
    table.loc[table.index[::50], ["StockCode", "Description"]] = ["POST", "POSTAGE"]
    back = table[(table["CustomerID"] != "") & (table["StockCode"] != "POST")].iloc[5:45:8].copy()
    back["InvoiceNo"], back["Quantity"] = "C" + back["InvoiceNo"], "-" + back["Quantity"]
    pd.concat([table, back]).to_csv(path, index=False, encoding="utf-8")


def chinese_gb18030(orders, path):
    """Chinese headers, GB18030, Chinese dates, ¥ amounts with thousands, a totals row."""
    table = pd.DataFrame({
        "订单编号": orders["order"],
        "会员号": orders["customer"],
        "下单时间": orders["when"].dt.strftime("%Y年%m月%d日"),
        "商品名称": "毛巾" + orders["sku"],
        "数量": orders["quantity"],
        "实付金额": [f"¥{a:,.2f}" for a in orders["amount"]],
    })
    table.loc[len(table)] = ["合计", "", "", "", orders["quantity"].sum(), f"¥{orders['amount'].sum():,.2f}"]
    table.to_csv(path, index=False, encoding="gb18030")


def semicolons(orders, path):
    """Semicolons and decimal commas, ISO dates, BOM."""
    table = pd.DataFrame({
        "Customer ID": orders["customer"],
        "Order Date": orders["when"].dt.strftime("%Y-%m-%d"),
        "Amount": [f"{a:.2f}".replace(".", ",") for a in orders["amount"]],
    })
    table.to_csv(path, index=False, sep=";", encoding="utf-8-sig")


def only_amount(orders, path):
    """Three columns, tab separated, UTF-16."""
    table = orders[["customer", "when", "amount"]].copy()
    table.columns = ["cust_id", "date", "total"]
    table["date"] = table["date"].dt.strftime("%Y%m%d")
    table.to_csv(path, index=False, sep="\t", encoding="utf-16")


def xlsx_title(orders, path):
    """Excel with a title row, a second sheet, amounts in 万元 and real dates."""
    table = pd.DataFrame({
        "客户ID": orders["customer"].astype(int),
        "订单号": orders["order"].astype(int),
        "购买日期": orders["when"].dt.normalize(),
        "金额（万元）": orders["amount"] / 10_000,
    })
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        table.to_excel(book, sheet_name="订单", index=False, startrow=2)
        book.sheets["订单"]["A1"] = "旭东公司订单一览"
        pd.DataFrame({"说明": ["本表由系统导出"]}).to_excel(book, sheet_name="说明", index=False)


def xls_old(orders, path):
    """The old Excel format, dates as text with slashes."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for j, name in enumerate(["顾客编号", "消费日期", "消费金额", "数量"]):
        sheet.write(0, j, name)
    for i, row in enumerate(orders.itertuples(), start=1):
        text = f"{row.when.year}/{row.when.month}/{row.when.day}"
        for j, value in enumerate([row.customer, text, row.amount, row.quantity]):
            sheet.write(i, j, value)
    book.save(str(path))


def parquet(orders, path):
    """Typed Parquet with other names and negative quantities."""
    table = pd.DataFrame({
        "CustomerID": orders["customer"].astype("int64"),
        "order_id": orders["order"].astype("int64"),
        "ordered_at": orders["when"],
        "qty": orders["quantity"],
        "unit_price": orders["price"],
    })
    table.loc[table.index[::25], "qty"] *= -1
    table.to_parquet(path)


FILES = {
    "online_retail.csv": online_retail,
    "订单 导出.csv": chinese_gb18030,
    "semi.csv": semicolons,
    "tabs.txt": only_amount,
    "book.xlsx": xlsx_title,
    "old.xls": xls_old,
    "lines.parquet": parquet,
}
