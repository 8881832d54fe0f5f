"""A small project of notebooks for the tests of rendering."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SPEC = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}


def cell(source, *tags):
    return new_code_cell(source, metadata={"tags": list(tags)})


def small_notebook(notebook_id, body):
    cells = [
        new_markdown_cell(f"# 小笔记本 {notebook_id}\n\n它回答什么？"),
        cell("from crm_lib.lesson import export, finding, parameters", "hide-input"),
        cell('n: int = 3  # 个数 [1, 9]\nname: str = ""  # 名字 <path>', "parameters"),
        cell(f'parameters("{notebook_id}")', "hide-input"),
        new_markdown_cell("## 计算"),
        cell(body, "finding"),
        new_markdown_cell("## 练习"),
        cell("raise SystemExit('the report leaves exercises out')", "grade"),
        new_markdown_cell("## 导出"),
        cell("import pandas as pd\nexport({'t': pd.DataFrame({'n': [n]})}, {'n': n})", "export"),
    ]
    return new_notebook(cells=cells, metadata=SPEC)


def write_notebooks(root, bodies):
    (root / "data").mkdir(exist_ok=True)
    for notebook_id, body in bodies.items():
        path = root / "notebooks" / f"{notebook_id}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(small_notebook(notebook_id, body), path)
