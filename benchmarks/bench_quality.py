"""Time assess_quality on one generated register of customers: 1,000,000 records, 12 columns.

python -m benchmarks.bench_quality --records 1000000
"""

from __future__ import annotations

import argparse
import json
import sys
import time

MOST_SECONDS_PER_MILLION = 20.0


def make_register(n: int, seed: int = 0):
    """Return a raw register as text, as a CSV file gives it; one cell in twenty or so has a defect."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)

    def pick(words, size=n):
        return np.array(words, dtype=object)[rng.integers(0, len(words), size)]

    day = np.datetime64("1940-01-01") + rng.integers(0, 365 * 65, n).astype("timedelta64[D]")
    joined = np.datetime64("2015-01-01") + rng.integers(0, 3600, n).astype("timedelta64[D]")
    place = rng.integers(0, 3, n)
    phone = np.char.add("138", rng.integers(10_000_000, 99_999_999, n).astype("U8")).astype(object)
    frame = pd.DataFrame({
        "record_id": np.char.add("K", np.arange(10_000_000, 10_000_000 + n).astype("U8")).astype(object),
        "name": pick(list("王李张刘陈杨黄赵"))
        + pick(list("伟芳娜敏静丽强磊军洋"))
        + pick(list("文明华建国平")),
        "gender": pick(["男", "女"]),
        "birth_date": day.astype(str).astype(object),
        "phone": phone,
        "email": np.char.add(np.char.add("u", np.arange(n).astype("U8")), "@example.com").astype(object),
        "province": np.array(["广东省", "浙江省", "江苏省"], dtype=object)[place],
        "city": np.array(["深圳市", "杭州市", "南京市"], dtype=object)[place],
        "address": pick(["旭日路", "东风路"]) + rng.integers(1, 999, n).astype("U3").astype(object) + "号",
        "height_cm": rng.integers(150, 195, n).astype("U3").astype(object),
        "education": pick(["高中", "本科", None]),
        "registered_on": joined.astype(str).astype(object),
    })
    spoilt = rng.random(n) < 0.05
    frame.loc[spoilt, "phone"] = frame.loc[spoilt, "phone"].str.replace("138", "138-", regex=False)
    return frame.assign(source_row=np.arange(2, n + 2))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    n = parser.parse_args().records
    from crm_lib.identify import assess_quality, repair_values, score_quality

    raw = make_register(n)
    start = time.perf_counter()
    found = assess_quality({"customers": raw}, as_of="2025-12-31")
    assessed = time.perf_counter() - start
    score_quality(found)
    scored = time.perf_counter() - start - assessed
    start = time.perf_counter()
    done = repair_values(raw, "customers")
    repaired = time.perf_counter() - start
    line = {"records": n, "columns": 12, "findings": len(found), "assess_s": round(assessed, 2)}
    print(
        json.dumps(
            line | {"score_s": round(scored, 2), "repair_s": round(repaired, 2), "audit": len(done.audit)}
        )
    )


if __name__ == "__main__":
    sys.exit(main())
