"""Time upload_rows: 100,000 customers, 3 % of them bad, sealed columns, on DuckDB or PostgreSQL.

python -m benchmarks.bench_upload
python -m benchmarks.bench_upload --target postgresql://user@localhost:5432/empty_database
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

MOST_SECONDS = 20.0
BAD_SHARE = 0.03
SLOTS = 1500


def make_identity_numbers(born, man):
    """Return identity numbers that pass every check: place, birthday, sex, check digit (GB 11643)."""
    import numpy as np

    row = np.arange(len(born))
    place = np.array(["110101", "440106", "330106"])[row % 3]
    order = (row // 3 % 500 * 2 + man).astype("U3")
    body = np.char.add(np.char.add(place, np.char.replace(born, "-", "")), np.char.zfill(order, 3))
    digits = body.view("U1").reshape(len(born), 17).astype(int)
    rest = (12 - (digits * (2 ** np.arange(17, 0, -1) % 11)).sum(axis=1) % 11) % 11
    return np.char.add(body, np.array(list("0123456789X"))[rest]).astype(object)


def make_customers(n: int, seed: int = 0):
    """Return a filled template of `n` customers as text, and which of its rows are bad."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)

    def pick(words):
        return np.array(words, dtype=object)[rng.integers(0, len(words), n)]

    # everybody of one place and serial number has another birthday, so no two identity numbers are alike
    days = 365 * 60 // -(-n // SLOTS)
    day = np.arange(n) // SLOTS * days + rng.integers(0, days, n)
    born = (np.datetime64("1945-01-01") + day.astype("timedelta64[D]")).astype(str)
    joined = (np.datetime64("2021-01-01") + rng.integers(0, 1400, n).astype("timedelta64[D]")).astype(str)
    serial = rng.permutation(10**8)[:n] if n > 10**6 else rng.choice(10**8, n, replace=False)
    number = np.char.zfill(serial.astype("U8"), 8).astype(object)
    man = rng.random(n) < 0.5
    frame = pd.DataFrame({
        "姓名": pick(list("王李张刘陈杨黄赵")) + pick(list("伟芳娜敏静丽强磊")) + pick(list("文明华建国平")),
        "性别": np.where(man, "男", "女").astype(object),
        "出生日期": born.astype(object),
        "手机号": "154" + number,
        "身份证号": make_identity_numbers(born, man),
        "电子邮箱": "u" + number + "@example.com",
        "省份": pick(["广东省", "浙江省", "江苏省"]),
        "城市": pick(["深圳市", "杭州市", "南京市"]),
        "地址": pick(["旭日路", "东风路"]) + number + "号",
        "职业": pick(["教师", "职员", None]),
        "学历": pick(["高中", "本科", None]),
        "登记渠道": pick(["门店", "网店", "呼叫中心"]),
        "登记日期": joined.astype(object),
    })
    bad = np.zeros(n, dtype=bool)
    bad[rng.choice(n, round(n * BAD_SHARE), replace=False)] = True
    fault = rng.integers(0, 4, n)
    frame.loc[bad & (fault == 0), "手机号"] = "154123"
    frame.loc[bad & (fault == 1), "姓名"] = None
    frame.loc[bad & (fault == 2), "出生日期"] = "1990-02-30"
    frame.loc[bad & (fault == 3), ["学历", "电子邮箱"]] = ["博学", "nobody"]
    return frame, bad


def write_source(frame, folder: Path, kind: str) -> Path:
    path = folder / f"customers.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
        return path
    from crm_lib.readwrite.excel import write_excel

    return write_excel(path, {"客户信息": frame})


def run(target: str, source: Path, bad, n: int, password: str | None) -> dict[str, object]:
    from crm_lib.protect import Cipher, KeyRing
    from crm_lib.store import create_tables, open_store, upload_rows

    with open_store(target, actor="bench", cipher=Cipher(KeyRing(bytes(range(32)))), create=True,
                    password=password) as store:  # fmt: skip
        create_tables(store, at="2025-01-01 08:00:00")
        start, start_cpu = time.perf_counter(), time.process_time()
        first = upload_rows(store, source, at="2025-01-01 09:00:00")
        took, took_cpu = time.perf_counter() - start, time.process_time() - start_cpu
        start = time.perf_counter()
        again = upload_rows(store, source, at="2025-01-01 10:00:00")
        took_again = time.perf_counter() - start
        n_rows = int(store.query("SELECT count(*) AS n FROM customers")["n"][0])
    whole = len(first.verdicts) == len(again.verdicts) == n
    right = first.verdicts["verdict"].eq("退回").to_numpy().tolist() == bad.tolist()
    once = n_rows == first.n_new == n - int(bad.sum()) and again.n_new == again.n_updated == 0
    engine = "postgresql" if "://" in target else "duckdb"
    return {
        "rows": n, "format": source.suffix[1:], "engine": engine,
        "seconds": round(took, 2), "cpu_seconds": round(took_cpu, 2), "repeat_seconds": round(took_again, 2),
        "accepted": first.n_new, "rejected": first.n_rejected, "every_row_a_verdict": whole,
        "bad_rows_are_those": right, "once": once,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--format", choices=["csv", "xlsx"], default="xlsx")
    parser.add_argument("--target", help="an empty database on a server; default: a DuckDB file")
    parser.add_argument("--password", help="env:NAME or file:PATH")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        frame, bad = make_customers(given.rows)
        source = write_source(frame, Path(name), given.format)
        target = given.target or str(Path(name) / "bench.duckdb")
        line = run(target, source, bad, given.rows, given.password)
    print(json.dumps(line))
    good = line["every_row_a_verdict"] and line["bad_rows_are_those"] and line["once"]
    fast = given.target is not None or line["seconds"] <= MOST_SECONDS * max(given.rows / 100_000, 0.1)
    return 0 if good and fast else 1


if __name__ == "__main__":
    sys.exit(main())
