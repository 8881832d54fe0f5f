"""Every code the cleaning uses, with its English meaning and Chinese title."""

from __future__ import annotations

REASONS: dict[str, tuple[str, str]] = {
    # totals of the accounting
    "read": ("rows of the file as read", "读入行数"),
    "kept": ("rows kept for the analysis", "保留行数"),
    "merged": ("rows folded into another row", "合并行数"),
    "quarantined": ("rows set aside with their raw values, each with its reason", "隔离行数"),
    # quarantined, in order of priority: the first that applies is the reason of the row
    "blank_row": ("no cell of the row has a value", "空行"),
    "totals_row": ("a total or subtotal printed among the data", "合计行"),
    "repeated_header": ("the header row repeated among the data", "重复的表头"),
    "missing_customer_id": ("no customer number, or a placeholder for one", "缺少客户编号"),
    "missing_date": ("a required date is missing", "缺少日期"),
    "bad_date": ("not a date of the calendar between 1900 and 2199", "日期无法识别"),
    "ambiguous_date": ("day and month cannot be told apart", "日期日月不明"),
    "missing_value": ("a required value is missing", "缺少必填值"),
    "bad_value": ("a required value cannot be read", "必填值无法识别"),
    "bad_amount": ("the amount, or the price it is computed from, cannot be read", "金额无法识别"),
    "foreign_currency": ("in another currency than the rest of the column", "币种与其余各行不同"),
    "bad_quantity": ("the amount needs the quantity, which cannot be read", "数量无法识别"),
    "bad_discount": ("the amount needs the discount, which is not a share of 0 to 1", "折扣无法识别"),
    "missing_amount": ("neither an amount nor quantity and unit price", "缺少金额"),
    "not_paid": ("the status says the order was closed, cancelled or never paid", "未付款或已关闭的订单"),
    "non_product": ("postage, fee, manual entry: no article was bought", "非商品行（运费、手续费等）"),
    # merged
    "duplicate_line": ("the same order line once more; the first one stays", "重复的订单行"),
    "netted_full": ("a purchase and the cancellation that undoes the whole of it", "全额抵销的购买与退货"),
    "netted_partial": (
        "a cancellation already taken off its purchase, whose kept amount contains it",
        "已从购买中扣减的部分退货",
    ),
    "returned_in_place": ("a purchase line that is itself marked as returned", "原单标记为已退货的购买"),
    # kept, but worth a look
    "returns": ("kept lines that take money back and found no purchase to be netted with", "未抵销的退货"),
    "zero_amount": ("kept lines with an amount of zero", "金额为零的行"),
    "suspected_duplicate": (
        "kept lines identical to an earlier one, without an order line number to prove it",
        "疑似重复的行",
    ),
    "near_duplicate": (
        "kept lines like an earlier one of the same customer minutes before, in another order",
        "几分钟内的相似订单",
    ),
    "corrected": ("kept lines with at least one cell that was changed; see the audit", "有单元格被修正的行"),
    "id_digits_lost": ("kept lines with a number that lost digits in a spreadsheet", "编号位数丢失的行"),
}

PRIORITY: tuple[str, ...] = tuple(REASONS)[4:20]
STRUCTURAL: tuple[str, ...] = PRIORITY[:3]
MERGE_REASONS: tuple[str, ...] = ("duplicate_line", "netted_full", "netted_partial", "returned_in_place")
FLAG_ITEMS: tuple[str, ...] = ("returns", "zero_amount", "suspected_duplicate", "near_duplicate")

RULES: dict[str, tuple[str, str]] = {
    "id_text": ("full-width, blank or control characters removed", "编号规范化"),
    "id_decimal": ("a number written with decimals read as its digits", "编号去掉小数部分"),
    "id_scientific": ("scientific notation written out; no digit was lost", "科学计数法还原"),
    "id_digits_lost": ("digits were lost in a spreadsheet; ids may collide", "编号位数已丢失"),
    "placeholder": ("a placeholder for a missing value", "占位符视为缺失"),
    "text": ("blank or control characters removed", "文本规范化"),
    "category": ("spelling of the category made uniform", "类别写法统一"),
    "flag": ("read as yes or no", "读作是否"),
    "number": ("signs, separators, currency or units removed", "数字规范化"),
    "decimal_comma": ("the comma is the decimal sign in this column", "逗号作小数点"),
    "currency": ("the column is in this currency; nothing was converted", "外币列，未换算"),
    "factor": ("multiplied by the unit of the header", "按表头单位换算"),
    "share": ("percent or 折 read as a share", "百分数或折扣读作比例"),
    "date": ("another way to write a date", "日期写法统一"),
    "date_form": ("the one form of dates in this column", "日期列写法"),
    "date_order": ("order of day, month and year", "日月年次序"),
    "excel_serial": ("a spreadsheet's day number read as a date", "表格日期序号"),
    "two_digit_year": ("two-digit year: 00–68 is 20xx, 69–99 is 19xx", "两位年份"),
    "epoch": ("seconds or milliseconds since 1970 read as the clock of UTC", "时间戳按世界时读取"),
    "zone_dropped": ("time zone dropped; the clock time stands as printed", "去掉时区，保留当地钟点"),
    "time_dropped": ("the column holds days; the time of day was dropped", "去掉钟点"),
    "unreadable": ("cannot be read as the type of the column; now missing", "无法识别，记为缺失"),
    "amount_computed": ("quantity × unit_price × (1 − discount)", "由数量、单价、折扣计算"),
    "return_sign": ("a return counts negative", "退货记为负数"),
    "netted_partial": ("a later cancellation taken off", "扣减后来的退货"),
    "order_id": ("one order per customer and day", "每位客户每天视为一单"),
    "discount_high": (
        "most discounts take off half or more; if 0.9 means 9折 (pay 90 %), write 0.1 or 9折",
        "多数折扣不低于一半，请核对折扣的含义",
    ),
    "zero_id": (
        "kept as a customer number like any other; make sure it does not mean 'no member'",
        "客户编号像占位号",
    ),
    "id_case": ("differ from another one in upper and lower case only; kept apart", "只有大小写不同的编号"),
    "order_status": ("the status of the line before in the same order", "沿用同一订单上一行的状态"),
}
