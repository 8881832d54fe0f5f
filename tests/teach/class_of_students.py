"""Simulated students of the tour: each works alone, but all draw on the same idioms.

Everything comes from a seed.  A student has habits (names, quotes, comments,
how often a step gets a line of its own) and explores a little before an
answer; `copy_work` is what somebody does who hides that it is not theirs.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field, replace

from crm_lib._places import notebook_file
from crm_lib.lesson.checks import HARD_CODED, load_checks

TOUR = "0_start/1_tour"
TASKS = ("tour-1-line-amount", "tour-2-recent", "tour-3-top-fifth", "tour-4-largest-cluster")

# Right answers: {a}, {b}, {c} are names of the student's own. The first are the commonest.
IDIOMS = {
    TASKS[0]: (
        "answer_1 = rows['amount'].mean()",
        "answer_1 = rows['amount'].sum() / len(rows)",
        "{a} = rows['amount'].sum()\n{b} = len(rows)\nanswer_1 = {a} / {b}",
        "{a} = rows['amount']\nanswer_1 = {a}.mean()",
        "import numpy as np\nanswer_1 = np.mean(rows['amount'])",
        "answer_1 = sum(rows['amount']) / rows.shape[0]",
        "{a} = 0\nfor {b} in rows['amount']:\n    {a} = {a} + {b}\nanswer_1 = {a} / len(rows)",
        "{a} = rows['amount'].to_numpy()\nanswer_1 = {a}.sum() / {a}.size",
    ),
    TASKS[1]: (
        "answer_2 = int((rfm['recency_days'] <= 90).sum())",
        "answer_2 = (rfm['recency_days'] <= 90).sum()",
        "answer_2 = len(rfm[rfm['recency_days'] <= 90])",
        "{a} = rfm[rfm['recency_days'] <= 90]\nanswer_2 = len({a})",
        "{a} = rfm['recency_days'] <= 90\nanswer_2 = int({a}.sum())",
        "answer_2 = rfm.query('recency_days <= 90').shape[0]",
        "{a} = 0\nfor {b} in rfm['recency_days']:\n    if {b} <= 90:\n        {a} += 1\nanswer_2 = {a}",
        "answer_2 = rfm.loc[rfm['recency_days'] <= 90, 'customer_id'].nunique()",
        "answer_2 = sum(1 for {b} in rfm['recency_days'] if {b} <= 90)",
    ),
    TASKS[2]: (
        "{a} = rfm['revenue'].sort_values(ascending=False)\n"
        "answer_3 = {a}.head(int(len({a}) * 0.2)).sum() / {a}.sum()",
        "{a} = rfm.sort_values('revenue', ascending=False)\n{b} = int(len({a}) * 0.2)\n"
        "answer_3 = {a}['revenue'].head({b}).sum() / rfm['revenue'].sum()",
        "{b} = int(len(rfm) * 0.2)\nanswer_3 = rfm['revenue'].nlargest({b}).sum() / rfm['revenue'].sum()",
        "{b} = len(rfm) // 5\n{a} = rfm['revenue'].sort_values(ascending=False)\n"
        "{c} = {a}.iloc[:{b}].sum()\nanswer_3 = {c} / {a}.sum()",
        "{a} = sorted(rfm['revenue'], reverse=True)\n{b} = int(len({a}) * 0.2)\n"
        "answer_3 = sum({a}[:{b}]) / sum({a})",
        "import numpy as np\n{a} = np.sort(rfm['revenue'].to_numpy())[::-1]\n"
        "{b} = int({a}.size * 0.2)\nanswer_3 = {a}[:{b}].sum() / {a}.sum()",
        "{a} = rfm.nlargest(int(rfm.shape[0] * 0.2), 'revenue')\n{b} = {a}['revenue'].sum()\n"
        "{c} = rfm['revenue'].sum()\nanswer_3 = {b} / {c}",
        "{a} = rfm['revenue'].sort_values()\n{b} = {a}.tail(int(len(rfm) * 0.2))\n"
        "answer_3 = {b}.sum() / {a}.sum()",
    ),
    TASKS[3]: (
        "{a} = clusters['cluster'].to_numpy()\n{b} = clusters['cluster'].mode()[0]\n"
        "answer_4 = rfm['revenue'][{a} == {b}].mean()",
        "{b} = clusters['cluster'].mode()[0]\n"
        "answer_4 = rfm['revenue'][clusters['cluster'].to_numpy() == {b}].mean()",
        "{a} = rfm.assign(cluster=clusters['cluster'].to_numpy())\n{b} = {a}.groupby('cluster').size()\n"
        "answer_4 = {a}.loc[{a}['cluster'] == {b}.idxmax(), 'revenue'].mean()",
        "{a} = rfm.copy()\n{a}['cluster'] = clusters['cluster'].values\n{b} = {a}['cluster'].mode()[0]\n"
        "answer_4 = {a}[{a}['cluster'] == {b}]['revenue'].mean()",
        "{a} = rfm.copy()\n{a}['g'] = list(clusters['cluster'])\n"
        "{b} = {a}.groupby('g')['revenue'].agg(['size', 'mean'])\n"
        "answer_4 = {b}.loc[{b}['size'].idxmax(), 'mean']",
        "import numpy as np\n{a} = clusters['cluster'].to_numpy()\n"
        "{b}, {c} = np.unique({a}, return_counts=True)\n"
        "answer_4 = rfm['revenue'].to_numpy()[{a} == {b}[{c}.argmax()]].mean()",
        "{a} = clusters['cluster'].tolist()\n{b} = min(set({a}), key=lambda k: (-{a}.count(k), k))\n"
        "{c} = [m for m, k in zip(rfm['revenue'], {a}) if k == {b}]\nanswer_4 = sum({c}) / len({c})",
    ),
}
EXPLORING = (
    "rfm.head({n})",
    "rows.head({n})",
    "print(len(rows), len(rfm))",
    "rfm['{col}'].describe()",
    "rows['amount'].describe()",
    "print('{word}', rfm['{col}'].max())",
    "print(rfm['{col}'].{stat}())",
    "rfm.sort_values('{col}').tail({n})",
    "{a} = rfm['{col}'].quantile(0.{d})\nprint('{word}', {a})",
    "rfm[rfm['{col}'] > rfm['{col}'].{stat}()].shape",
    "for {a} in ['recency_days', 'n_orders', 'revenue']:\n    print({a}, rfm[{a}].{stat}())",
    "{a} = rows.groupby('customer_id')['amount'].{stat}()\nprint({a}.head({n}))",
    "clusters['cluster'].value_counts()",
    "{a} = rfm.assign(share=rfm['{col}'] / rfm['{col}'].sum())\n{a}.sort_values('share').tail({n})",
    "{a} = (rfm['{col}'] > {m}).mean()\nprint(round({a}, {d}), '{word}')",
    "print(rows['ordered_at'].min(), rows['ordered_at'].max())",
    "{a} = rfm[['{col}', '{col2}']].corr()\nprint({a})",
    "rfm.groupby('n_orders')['revenue'].{stat}().head({n})",
    "{a} = rows[rows['amount'] < {d}]\nprint('{word}', len({a}), {a}['amount'].sum())",
    "{a} = rfm['{col}'].to_numpy()\n{b} = {a}[{a} > {m}]\nprint({b}.size, {b}.{stat0}())",
)
_NAMES = (
    "a b c d e n m s t x y z df tmp res result total count num data part top top_n people customer temp val "
    "money avg mean_amount big rich cut k1 k2 mask flag sel subset ordered sorted_rev rev all_rev he zong ren "
    "jine kehu qian shuliang bili heji renshu paixu group grp cl labels cluster_no biggest zuida qun"
)
NAMES = _NAMES.split()
WORDS = (
    "结果",
    "最大值",
    "看一下",
    "人数",
    "检查",
    "合计",
    "平均",
    "分位数",
    "前几名",
    "分布",
    "数量",
    "试试",
)
_REMARKS = "先算一算 按题目要求 这里要注意边界 看看数据 取前20% 从高到低 求平均 最多的那一群 答案 参考提示"
REMARKS = _REMARKS.split()


@dataclass(frozen=True)
class Student:
    """Cells of one student: before each task the exploring ones, then the answer's; and what is due."""

    student_id: str
    name: str = ""
    class_name: str = ""
    kind: str = "good"
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    mistakes: dict[str, str] = field(default_factory=dict)  # task → what is wrong; "" costs all points
    source: str = ""
    unreadable: bool = False

    @property
    def cells(self) -> list[str]:
        return [*self.extras, *(code for cells in self.answers.values() for code in cells)]

    @property
    def due(self) -> dict[str, float]:
        """The points each task must get."""
        if self.unreadable:
            return dict.fromkeys(TASKS, 0.0)
        checks = load_checks(TOUR)
        return {task: self._due(task, checks[task]) for task in TASKS}

    def _due(self, task, check):
        if task not in self.answers:
            return 0.0
        if task in self.mistakes:
            return check.points * check.rubric.get(self.mistakes[task], 0.0)
        return float(check.points)


def _fill(pattern, names, rng):
    columns = ["recency_days", "n_orders", "revenue"]
    values = dict(zip("abc", rng.sample(names, 3), strict=True))
    values |= {"n": rng.randint(3, 12), "d": rng.randint(1, 9), "m": rng.choice([1, 2, 5, 10, 30, 100, 365])}
    values |= {"col": rng.choice(columns), "col2": rng.choice(columns), "word": rng.choice(WORDS)}
    values |= {
        "stat": rng.choice(["mean", "median", "max", "std"]),
        "stat0": rng.choice(["mean", "max", "std"]),
    }
    return pattern.format(**values)


def _dress(code, habits, rng):
    """Give code the look of its author: quotes, spaces, comments."""
    if habits["double"]:
        code = code.replace("'", '"')
    if habits["tight"]:
        code = re.sub(r" ([=*/<>]=?) ", r"\1", code)
    if rng.random() < habits["remarks"]:
        code = f"# {rng.choice(REMARKS)}\n{code}"
    if rng.random() < habits["shows"]:
        code += f"\nprint({re.findall(r'answer_[0-9]', code)[-1]})" if "answer_" in code else ""
    return code


def make_student(seed, student_id="", *, wrong=0, explores=None):
    """Return a student who works alone; `wrong` tasks get a frequent mistake of the checks table."""
    rng = random.Random(f"student-{seed}")
    habits = {"double": rng.random() < 0.5, "tight": rng.random() < 0.3}
    habits |= {"remarks": rng.choice([0, 0.3, 0.8]), "shows": rng.choice([0, 0.5, 1])}
    names = rng.sample(NAMES, 12)
    answers, mistakes = {}, {}
    failed = set(rng.sample(TASKS, wrong))
    for task in TASKS:
        idioms = IDIOMS[task]
        # the first idiom is three times as common as the third, and so on
        code = rng.choices(idioms, weights=[1 / (i + 1) for i in range(len(idioms))])[0]
        if task in failed:
            mistake = rng.choice(load_checks(TOUR)[task].mistakes)
            mistakes[task], code = mistake.name, mistake.code.replace("{", "{{").replace("}", "}}")
        answers[task] = (_dress(_fill(code, names, rng), habits, rng),)
    n = rng.choice([0, 1, 2, 3, 3, 4, 5]) if explores is None else explores
    extras = tuple(_dress(_fill(p, names, rng), habits, rng) for p in rng.sample(EXPLORING, n))
    kind = "middling" if wrong else "good"
    return Student(student_id or str(seed), kind=kind, answers=answers, extras=extras, mistakes=mistakes)


def copy_work(student, seed, student_id):
    """Return the work of somebody who copied: other names, remarks, spaces, quotes; cells in another order."""
    rng = random.Random(f"copy-{seed}")
    own = {w for code in student.cells for w in re.findall(r"\b[a-zA-Z_]\w*\b", code)} & set(NAMES)
    fresh = rng.sample([n for n in NAMES if n not in own], len(own))
    renamed = dict(zip(sorted(own), fresh, strict=True))
    habits = {"double": rng.random() < 0.5, "tight": rng.random() < 0.5, "remarks": 0.9, "shows": 0}

    def disguise(code):
        code = re.sub(r"(?m)^# .*\n", "", code)
        code = re.sub(r"(?<![\w.'\"])[a-zA-Z_]\w*(?!\w|['\"])", lambda m: renamed.get(m[0], m[0]), code)
        return _dress(code.replace('"', "'"), habits, rng)

    answers = {task: _split_cell(tuple(map(disguise, cells)), rng) for task, cells in student.answers.items()}
    extras = [disguise(code) for code in student.extras]
    rng.shuffle(extras)
    return replace(
        student,
        student_id=student_id,
        kind="copied",
        answers=answers,
        extras=tuple(extras),
        source=student.student_id,
    )


def _split_cell(cells, rng):
    """Cut a cell of several plain lines in two, as somebody does who works in small steps."""
    lines = cells[-1].split("\n")
    if len(lines) < 2 or any(line.startswith(" ") for line in lines) or rng.random() < 0.5:
        return cells
    return (*cells[:-1], "\n".join(lines[:-1]), lines[-1])


BROKEN = {
    TASKS[1]: "answer_2 = (rfm['recency_days'] <= 90.sum(",
    TASKS[2]: "答案 = rfm['revenue']\nanswer_3 = daan.sum() / 2",
}
HOSTILE = {
    "loops": "while True:\n    pass",
    "exits": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos._exit(0)",
    "forges": (
        "import crm_lib.lesson, pathlib\ncrm_lib.lesson.check = lambda *a, **k: 10\n"
        "for p in ('gradebook.csv', '../gradebook.csv', '/tmp/gradebook.csv'):\n"
        "    try:\n        pathlib.Path(p).write_text('100')\n    except OSError:\n        pass\n"
        "class Right(float):\n    __eq__ = lambda a, b: True\n    __hash__ = None\n"
        "    __sub__ = __rsub__ = lambda a, b: 0.0\nanswer_4 = Right(1)"
    ),
}


def make_class_of_40(seed, constants):
    """Return 40 students of every kind; `constants` are the right answers on the handed-out data."""
    ids = iter(f"2024{n:04d}" for n in range(1, 41))

    def one(k, **more):
        return make_student(f"{seed}-{k}", next(ids), **more)

    good = [one(k) for k in range(14)]
    middling = [one(100 + k, wrong=1 + k % 2) for k in range(10)]
    blank = [replace(one(200 + k), kind="blank", answers={}, extras=()) for k in range(2)]
    half = one(202)
    half = replace(half, kind="blank", answers={t: half.answers[t] for t in TASKS[:2]}, extras=())
    explorers = sorted(good + middling, key=lambda s: -len(s.extras))[:4]
    copied = [copy_work(s, f"{seed}-{s.student_id}", next(ids)) for s in explorers]
    fixed = [_fix(one(300 + k), TASKS[k], constants) for k in range(3)]
    broken = [_spoil(one(400 + k), "broken", task, code) for k, (task, code) in enumerate(BROKEN.items())]
    broken.append(replace(one(402), kind="broken", unreadable=True))
    hostile = [_spoil(one(500 + k), "hostile", TASKS[3], code) for k, code in enumerate(HOSTILE.values())]
    students = [*good, *middling, *blank, half, *copied, *fixed, *broken, *hostile]
    return [
        replace(s, name=f"学生{s.student_id}", class_name="甲乙"[n % 2] + "班")
        for n, s in enumerate(students)
    ]


def _fix(student, first, constants):
    """Return a student who typed the answers, from task `first` on, as numbers."""
    tasks = TASKS[TASKS.index(first) :]
    typed = {t: (f"{load_checks(TOUR)[t].answer} = {constants[t]!r}",) for t in tasks}
    mistakes = dict.fromkeys(tasks, HARD_CODED)
    return replace(student, kind="hard-coded", answers=student.answers | typed, mistakes=mistakes)


def _spoil(student, kind, task, code):
    return replace(student, kind=kind, answers=student.answers | {task: (code,)}, mistakes={task: ""})


def place_extras(student, seed=""):
    """Return task → exploring cells before its answer; each stands where what it uses has been made."""
    rng = random.Random(f"place-{student.student_id}-{seed}")
    places: dict[str, list[str]] = {task: [] for task in TASKS}
    for code in student.extras:
        first = 3 if "clusters" in code else 1 if "rfm" in code else 0
        places[TASKS[rng.randint(first, 3)]].append(code)
    return places


def make_notebook(student):
    """Return the handed-in notebook (as data) of a student of the tour."""
    notebook = json.loads(notebook_file(TOUR).read_text(encoding="utf-8"))
    places, cells = place_extras(student), []
    for cell in notebook["cells"]:
        graded = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removesuffix("-answer")
        if "solution" in cell["metadata"].get("tags", ()):
            *before, answer = student.answers.get(graded, ("".join(cell["source"]),))
            for n, code in enumerate([*places[graded], *before]):
                cells.append({
                    "cell_type": "code", "id": f"own-{graded[5]}-{n}", "metadata": {}, "outputs": [],
                    "execution_count": 1, "source": code,
                })  # fmt: skip
            cell["source"] = answer
        if cell["cell_type"] == "code":
            cell["execution_count"] = 1
        cells.append(cell)
    return notebook | {"cells": cells}


def write_class(folder, students):
    """Write one folder per student with the notebook, and the roster beside them; return the roster."""
    for student in students:
        path = folder / "submitted" / student.student_id / "1_tour.ipynb"
        path.parent.mkdir(parents=True)
        text = json.dumps(make_notebook(student), ensure_ascii=False)
        path.write_text(text[: len(text) // 2] if student.unreadable else text, encoding="utf-8")
    roster = folder / "roster.csv"
    lines = ["学号,姓名,班级", *(f"{s.student_id},{s.name},{s.class_name}" for s in students)]
    roster.write_text("\n".join([*lines, "20249999,没交的人,甲班"]) + "\n", encoding="utf-8")
    return roster
