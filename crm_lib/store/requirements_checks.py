"""The checks behind `judge_requirements`: each counts what it looked at and what is at fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

_PARTS = ("_index", "_mask")
_TECHNICAL = (
    "customer_no", "valid_from", "valid_to", "channel", "registered_on", "source", "update_kind", "changed_by",
    "upload_id",
)  # fmt: skip
REFERRING = ("transactions", "investments", "analysis_records", "grades", "consents")
SOURCES = ("own", "other")


class Counted(NamedTuple):
    """How many were looked at, how many are at fault, and which, in words."""

    n_checked: int
    n_faults: int
    faults: str = ""


@dataclass(frozen=True)
class Files:
    """What the checks look at: frames as `gather_files` reads them, the day, the settings.

    ``n_damaged`` is the number of findings of the audit chain; ``sealed`` says whether the private columns
    are kept as bytes.
    """

    tables: Mapping[str, pd.DataFrame]
    as_of: pd.Timestamp
    settings: Mapping[str, Any]
    purposes: Mapping[str, str]
    titles: Mapping[str, str]
    numbers_ok: Callable[[pd.Series], pd.Series]
    n_damaged: int = 0
    sealed: bool = True

    @property
    def current(self) -> pd.DataFrame:
        """Return the current version of each customer."""
        customers = self.tables["customers"]
        return customers[customers["valid_to"].isna()]

    def title(self, name: str) -> str:
        """Return the Chinese title of a column or table, else its name."""
        return self.titles.get(name, name)

    def since(self, days: float) -> pd.Timestamp:
        """Return the moment `days` days before the end of the day of judgement."""
        import pandas as pd

        return self.as_of + pd.Timedelta(days=1) - pd.Timedelta(days=days)

    def named(self, setting: str) -> bool:
        """Tell whether a setting names somebody."""
        rows = self.tables["settings"]
        value = rows.loc[rows["name"] == setting, "value"].dropna()
        return bool(value.astype(str).str.strip().ne("").any())


def check_goal(files: Files) -> Counted:
    """Count filled fields that nobody can name a purpose of."""
    current = files.current
    columns = [c for c in current.columns if c not in _TECHNICAL and not c.endswith(_PARTS)]
    filled = [c for c in columns if current[c].notna().any()]
    idle = [c for c in filled if not str(files.purposes.get(c, "")).strip()]
    return Counted(len(filled), len(idle), "、".join(files.title(c) for c in idle))


def check_order(files: Files) -> Counted:
    """Count numbers that break the rule or belong to two customers."""
    numbers = files.current["customer_no"].astype(str)
    bad = ~files.numbers_ok(numbers).to_numpy(bool) | numbers.duplicated(keep=False).to_numpy()
    return Counted(len(numbers), int(bad.sum()), _name_some(numbers[bad]))


def check_logic(files: Files) -> Counted:
    """Count rows without their customer, and versions of one customer that overlap."""
    known = set(files.tables["customers"]["customer_no"])
    checked, faults, said = 0, 0, []
    for name in REFERRING:
        rows = files.tables.get(name)
        if rows is None or rows.empty:
            continue
        lost = int((~rows["customer_no"].isin(known)).sum())
        checked, faults = checked + len(rows), faults + lost
        said += [f"{files.title(name)} {lost} 行"] if lost else []
    versions = files.tables["customers"].sort_values(["customer_no", "valid_from"], kind="stable")
    after = versions.groupby("customer_no")["valid_from"].shift(-1)
    ends = versions["valid_to"]
    crossed = (ends.isna() & after.notna()) | (ends > after) | (ends < versions["valid_from"])
    said += [f"{files.title('customers')} {int(crossed.sum())} 行"] if crossed.any() else []
    return Counted(checked + len(versions), faults + int(crossed.sum()), "、".join(said))


def check_sharing(files: Files) -> Counted:
    """Count customers with two current versions, or with a namesake at the same telephone."""
    current = files.current
    twice = current["customer_no"].duplicated(keep=False)
    if "phone_index" in current:
        known = current["phone_index"].notna() & current["name"].notna()
        twice |= known & current.duplicated(["phone_index", "name"], keep=False)
    return Counted(
        current["customer_no"].nunique(), int(twice.sum()), _name_some(current.loc[twice, "customer_no"])
    )


def check_dynamic(files: Files) -> Counted:
    """Count customers whose file was not touched within the time."""
    current = files.current
    touched = current.set_index("customer_no")["valid_from"]
    done = files.tables.get("verifications")
    if done is not None and len(done):
        last = done.dropna(subset=["verified_at"]).groupby("customer_no")["verified_at"].max()
        checked = last.reindex(touched.index)
        touched = touched.mask(checked > touched, checked)
    old = touched < files.since(files.settings["stale_days"])
    return Counted(len(touched), int(old.sum()), _name_some(touched.index[old.to_numpy()]))


def check_focus(files: Files) -> Counted:
    """Count key customers without value grade or without a way to reach them."""
    lines, current = files.tables["transactions"], files.current
    if lines.empty or current.empty:
        return Counted(0, 0)
    spent = lines.groupby("customer_no")["amount"].sum()
    spent = spent[spent.index.isin(set(current["customer_no"]))].sort_values(ascending=False, kind="stable")
    n = max(1, round(len(spent) * files.settings["key_share"])) if len(spent) else 0
    # who spent as much as the last one in is in too
    key = spent[spent >= spent.iloc[n - 1]].index if n else spent.index
    grades = files.tables["grades"]
    graded = set(grades.loc[(grades["kind"] == "value") & grades["valid_to"].isna(), "customer_no"])
    reach = [c for c in ("phone", "email") if c in current]
    reached = set(current.loc[current[reach].notna().any(axis=1), "customer_no"])
    lacking = [c for c in key if c not in graded or c not in reached]
    return Counted(len(key), len(lacking), _name_some(sorted(lacking)))


def check_use(files: Files) -> Counted:
    """Count customers whose file was not used within the time."""
    start, used = files.since(files.settings["stale_days"]), set()
    moments = {"investments": "occurred_at", "analysis_records": "surveyed_on", "grades": "valid_from"}
    for name, column in moments.items():
        rows = files.tables.get(name)
        if rows is not None and len(rows):
            used |= set(rows.loc[rows[column] >= start, "customer_no"])
    mine = files.current["customer_no"]
    idle = ~mine.isin(used)
    return Counted(mine.nunique(), int(idle.sum()), "")


def check_keeper(files: Files) -> Counted:
    """Count versions without the hand that made them, and the missing keeper."""
    by = files.tables["customers"]["changed_by"]
    nobody = by.isna() | by.astype(str).str.strip().eq("")
    missing = not files.named("data_keeper")
    said = ["data_keeper"] * missing + (
        [f"{files.title('customers')} {int(nobody.sum())} 行"] if nobody.any() else []
    )
    return Counted(len(by) + 1, int(nobody.sum()) + missing, "、".join(said))


def check_raw(files: Files) -> Counted:
    """Count uploaded rows that are not among the raw records."""
    uploads, raw = files.tables["uploads"], files.tables["raw_records"]
    if uploads.empty:
        return Counted(0, 0)
    kept = raw.groupby("upload_id").size()
    want = uploads.set_index("upload_id")["n_rows"].astype("int64")
    lost = (want - kept.reindex(want.index).fillna(0).astype("int64")).clip(lower=0)
    return Counted(int(want.sum()), int(lost.sum()), _name_some(lost.index[lost.to_numpy() > 0]))


def check_apart(files: Files) -> Counted:
    """Count rows whose source is not told, and findings called own that came from elsewhere."""
    checked, faults, said = 0, 0, []
    for name in ("customers", "raw_records", "uploads", "analysis_records"):
        rows = files.tables.get(name)
        if rows is None or rows.empty:
            continue
        # findings name where they come from in words; own or not stands beside
        bad = rows["source"].isna() if name == "analysis_records" else ~rows["source"].isin(SOURCES)
        if name == "analysis_records":
            bad |= rows["own"].isna() | (rows["own"].eq(True) & rows["source"].eq("other"))
        checked, faults = checked + len(rows), faults + int(bad.sum())
        said += [f"{files.title(name)} {int(bad.sum())} 行"] if bad.any() else []
    return Counted(checked, faults, "、".join(said))


def check_safety(files: Files) -> Counted:
    """Count what is wrong with keeper, sealing and audit."""
    missing, open_ = not files.named("security_keeper"), not files.sealed
    said = ["security_keeper"] * missing + [files.title("phone")] * open_
    said += [f"{files.title('audit')} {files.n_damaged} 处"] if files.n_damaged else []
    n = len(files.tables["audit"]) if "audit" in files.tables else 0
    return Counted(n + 2, missing + open_ + files.n_damaged, "、".join(said))


def check_renewal(files: Files) -> Counted:
    """Count the missing update and the grades past the day they were to be looked at again."""
    import pandas as pd

    moments = [files.tables["customers"]["valid_from"].max(), files.tables["uploads"]["uploaded_at"].max()]
    moments = [m for m in moments if not pd.isna(m)]
    if not moments:
        return Counted(0, 0)
    late = max(moments) < files.since(files.settings["update_days"])
    grades = files.tables["grades"]
    live = grades[grades["valid_to"].isna()]
    due = pd.to_datetime(live["due_on"]) < files.as_of
    said = [files.title("uploads")] * late + (
        [f"{files.title('grades')} {int(due.sum())} 个"] if due.any() else []
    )
    return Counted(1 + len(live), int(late) + int(due.sum()), "、".join(said))


CHECKS: dict[str, Callable[[Files], Counted]] = {
    "goal": check_goal,
    "order": check_order,
    "logic": check_logic,
    "sharing": check_sharing,
    "dynamic": check_dynamic,
    "focus": check_focus,
    "use": check_use,
    "keeper": check_keeper,
    "raw": check_raw,
    "apart": check_apart,
    "safety": check_safety,
    "renewal": check_renewal,
}


def _name_some(values: Any, most: int = 3) -> str:
    found = list(dict.fromkeys(str(v) for v in values))
    return "、".join(found[:most]) + (f" 等 {len(found)} 个" if len(found) > most else "")
