"""The guards of the library's rooms; those of the house itself stand in guard_registry."""

from __future__ import annotations

from guard_kinds import Guard, replace

_PAGES = "tests/publish/test_html_report.py"
_RUNS = "tests/publish/test_run.py"
_FAULTS = "tests/publish/test_render_faults.py"
_BUILD = "tests/publish/test_build.py"
_REFUSED = f"{_RUNS}::test_wrong_calls_are_refused_before_any_kernel_starts"

PUBLISH = [
    Guard(
        "a page may fetch nothing",
        "its policy lets pictures come from anywhere",
        replace("crm_lib/publish/page.py", "img-src data:;", "img-src *;"),
        (f"{_PAGES}::test_nothing_is_fetched_and_the_policy_knows_the_script",),
    ),
    Guard(
        "outputs are sanitised",
        "HTML out of data goes into the page as it is",
        replace("crm_lib/publish/outputs.py", "sanitize_html(dress_tables(", "str(dress_tables("),
        (f"{_PAGES}::test_hostile_values_are_words_wherever_they_come_from",),
    ),
    Guard(
        "no address from elsewhere survives the sanitiser",
        "every link is kept",
        replace("crm_lib/publish/sanitize.py", "return is_local_link(value)", "return True"),
        ("tests/publish/test_html_sanitize.py::test_nothing_hostile_is_left",),
    ),
    Guard(
        "a lesson brings its pictures with it",
        "a picture at an address is let through",
        replace("crm_lib/publish/markdown.py", "        raise RenderError(", "        str("),
        ("tests/publish/test_html_markdown.py::test_a_picture_from_elsewhere_is_refused",),
    ),
    Guard(
        "values in a template are escaped",
        "the templates trust what they are given",
        replace("crm_lib/publish/page.py", "autoescape=True", "autoescape=False"),
        ("tests/publish/test_site_index.py::test_hostile_records_are_words",),
    ),
    Guard(
        "a record links only into its own folder",
        "every link of a record is taken",
        replace("crm_lib/publish/site.py", "local and (out_dir", "(out_dir"),
        ("tests/publish/test_site_index.py::test_a_record_cannot_link_outside_its_folder",),
    ),
    Guard(
        "wrong parameters are refused before a kernel starts",
        "the plan does not look at them",
        replace("crm_lib/publish/plan.py", "for p in find_problems(parameters, mine)]", "for p in ()]"),
        (_REFUSED,),
    ),
    Guard(
        "a password stays out of the report",
        "the plan does not look for one",
        replace("crm_lib/publish/plan.py", "if _PASSWORD.search(str(v))]", "if not str(v)]"),
        (_REFUSED,),
    ),
    Guard(
        "an unknown notebook is refused",
        "unknown names pass",
        replace(
            "crm_lib/publish/plan.py",
            "        if name not in known:\n            near",
            "        if False:\n            near",
        ),
        (_REFUSED,),
    ),
    Guard(
        "one failure stops no other report",
        "a worker lets an unexpected error through",
        replace(
            "crm_lib/publish/workers.py", "    except Exception as fault:", "    except KeyError as fault:"
        ),
        (f"{_FAULTS}::test_a_full_disk_is_one_sentence_and_leaves_no_half_report",),
    ),
    Guard(
        "a notebook file that cannot be read fails alone",
        "its fault is not caught",
        replace(
            "crm_lib/publish/plan.py",
            "    except _UNREADABLE:\n        why",
            "    except StopIteration:\n        why",
        ),
        (f"{_FAULTS}::test_a_broken_notebook_file_fails_alone",),
    ),
    Guard(
        "Ctrl-C ends in one sentence and leaves nothing behind",
        "it is not caught",
        replace("crm_lib/cli.py", "    except KeyboardInterrupt:\n", "    except StopIteration:\n"),
        (f"{_FAULTS}::test_a_stopped_run_leaves_nothing_behind",),
    ),
    Guard(
        "a killed command takes its kernels with it",
        "no worker watches the command",
        replace(
            "crm_lib/publish/workers.py", "        parent.join()\n", "        threading.Event().wait()\n"
        ),
        (f"{_FAULTS}::test_when_the_command_itself_is_killed_its_kernel_ends_too",),
    ),
    Guard(
        "two runs never write one folder at once",
        "the lock is always given",
        replace("crm_lib/publish/folders.py", "        return False\n", "        return True\n"),
        (f"{_FAULTS}::test_a_second_run_waits_for_the_first_and_says_so",),
    ),
    Guard(
        "a report is replaced whole",
        "a signal may come between the two moves",
        replace("crm_lib/publish/folders.py", "asked.append(number))", "signal.raise_signal(number))"),
        (f"{_FAULTS}::test_a_request_to_stop_waits_until_the_report_is_in_place",),
    ),
    Guard(
        "a folder that is a file is a wrong call",
        "nobody looks",
        replace("crm_lib/publish/folders.py", "if place.exists() and not place.is_dir():", "if False:"),
        (f"{_FAULTS}::test_a_file_in_the_place_of_the_folder_is_a_wrong_call",),
    ),
    Guard(
        "the tags of a notebook are a closed list",
        "every tag passes",
        replace("crm_lib/publish/anatomy.py", "sorted(used - TAGS)", "()"),
        (f"{_BUILD}::test_each_broken_rule_is_said",),
    ),
    Guard(
        "no cell of a report uses what a solution defines",
        "nobody compares the names",
        replace("crm_lib/publish/anatomy.py", "sorted((solved - defined) & used)", "()"),
        (f"{_BUILD}::test_each_broken_rule_is_said",),
    ),
    Guard(
        "a stale notebook is seen",
        "only a missing one is",
        replace(
            "crm_lib/publish/build.py",
            'path.read_text(encoding="utf-8") != notebook_text(notebook_id):',
            "False:",
        ),
        (f"{_BUILD}::test_write_only_what_changed_and_find_what_is_stale",),
    ),
    Guard(
        "students get no answers",
        "the student edition keeps what stands between the solution marks",
        replace(
            "crm_lib/publish/build.py",
            'if "solution" in tags:\n            cell.source',
            'if "none" in tags:\n            cell.source',
        ),
        (f"{_BUILD}::test_student_edition_is_blank_and_the_teacher_edition_is_not",),
    ),
    Guard(
        "a missing glyph is told",
        "nobody counts them",
        replace(
            "crm_lib/publish/page.py",
            "replace(_FONT_SLOT, fonts, 1), missing",
            "replace(_FONT_SLOT, fonts, 1), ()",
        ),
        (f"{_PAGES}::test_a_character_without_glyph_is_listed",),
    ),
]

LESSON = [
    Guard(
        "wrong answers get no points",
        "every answer agrees with the expected one",
        replace("crm_lib/lesson/checks.py", "    if verdict.equal:", "    if True:"),
        ("tests/lesson/test_checks.py::test_other_answers_get_nothing_and_a_kind_message",),
    ),
    Guard(
        "a sentence out of data cannot become HTML",
        "findings are not escaped",
        replace("crm_lib/lesson/display.py", "html.escape(text, quote=False)", "str(text)"),
        ("tests/lesson/test_display.py::test_finding_escapes_everything_but_bold",),
    ),
    Guard(
        "cells of a table are escaped",
        "they go in as they are",
        replace("crm_lib/lesson/display.py", "html.escape(cells[c][i])", "cells[c][i]"),
        ("tests/lesson/test_display.py::test_table_has_chinese_titles_caption_and_escaped_cells",),
    ),
    Guard(
        "a parameter line that papermill would misread is refused",
        "a second sign of equality passes",
        replace("crm_lib/lesson/params.py", 'line.count("=") != 1', "False"),
        ("tests/lesson/test_params.py::test_lines_papermill_would_misread_are_refused_at_build",),
    ),
    Guard(
        "columns nobody asked for leave no notebook",
        "the account exports every column of the file",
        replace("crm_lib/lesson/words.py", "for c in frame.columns if c in known", "for c in frame.columns"),
        ("tests/notebooks/test_tour.py::test_no_contact_data_of_unmapped_columns_is_exported",),
    ),
]

READWRITE = [
    Guard(
        "text stays text in a workbook",
        "nothing is taken for a formula",
        replace("crm_lib/readwrite/excel.py", 'styles["risky"] if is_risky(text) else None', "None"),
        ("tests/readwrite/test_excel.py::test_text_like_a_formula_stays_text",),
    ),
    Guard(
        "a CSV file cannot bring a formula",
        "no apostrophe is set",
        replace(
            "crm_lib/readwrite/excel.py", 'return f"\'{text}" if is_risky(text) else value', "return value"
        ),
        ("tests/readwrite/test_excel.py::test_text_like_a_formula_stays_text",),
    ),
    Guard(
        "totals rows are found",
        "no word means a total",
        replace("crm_lib/readwrite/totals.py", "bool(_TOTALS.fullmatch(fold_name(cell)))", "False"),
        ("tests/readwrite/test_read_parts.py::test_totals_rows_need_an_empty_key",),
    ),
    Guard(
        "two headers for one column are not guessed",
        "the first is taken",
        replace(
            "crm_lib/schema/resolve.py",
            "    if not ambiguous:\n        return",
            "    if True:\n        return",
        ),
        ("tests/schema/test_schema_match.py::test_two_equal_amounts_are_not_guessed",),
    ),
    Guard(
        "a shown address has no password",
        "it is shown as it is",
        replace("crm_lib/readwrite/parts.py", r'r"\1:***@"', r'r"\g<0>"'),
        ("tests/readwrite/test_read_parts.py::test_no_password_in_a_shown_address",),
    ),
]

ANALYSES = [
    Guard(
        "cleaning loses no row",
        "one row is taken out of the quarantine",
        replace(
            "crm_lib/identify/_assemble.py",
            "    rows = np.flatnonzero(any_fault(faults))\n",
            "    rows = np.flatnonzero(any_fault(faults))[1:]\n",
        ),
        ("tests/identify/test_cleaning_rows.py::test_every_row_has_its_reason",),
    ),
    Guard(
        "day and month are not guessed",
        "an undecided column is let through",
        replace("crm_lib/identify/_date_order.py", "    raise DataError(", "    str("),
        (
            "tests/identify/test_cleaning_dates.py::test_no_evidence_at_all_shows_a_date_both_ways_and_the_way_out",
        ),
    ),
    Guard(
        "equal values get equal scores",
        "ties are broken by the order of the rows",
        replace(
            "crm_lib/differentiate/rfm.py",
            'return (1 + np.searchsorted(edges, values, side="left")).astype("int64")',
            'return (1 + np.argsort(np.argsort(values, kind="stable")) * bins.n_bins // len(values)).astype("int64")',
        ),
        (
            "tests/differentiate/test_rfm.py::test_equal_values_equal_scores_and_better_values_no_lower_scores",
        ),
    ),
    Guard(
        "a scheme covers every combination once",
        "gaps and overlaps pass",
        replace(
            "crm_lib/differentiate/scheme.py",
            "        if faults:\n            raise DataError(",
            "        if False:\n            raise DataError(",
        ),
        (
            "tests/differentiate/test_segments.py::test_a_scheme_with_gaps_or_overlaps_shows_the_first_of_each",
        ),
    ),
    Guard(
        "impossible measures are refused",
        "nobody looks at the sign",
        replace("crm_lib/differentiate/rfm.py", '    require_rfm("score_rfm", rfm)\n', ""),
        ("tests/differentiate/test_rfm.py::test_negative_recency_is_refused_in_one_sentence",),
    ),
    Guard(
        "money is summed as whole ten-thousandths",
        "it is cut off instead of rounded",
        replace(
            "crm_lib/engine/customers.py",
            "(amount * MONEY_UNIT + 0.5).floor()",
            "(amount * MONEY_UNIT).floor()",
        ),
        ("tests/engine/test_engine_money.py::test_four_decimals_are_kept_and_the_fifth_is_rounded_half_up",),
    ),
    Guard(
        "lines that lack something are refused, not left out of the sums",
        "faults are not looked at",
        replace("crm_lib/engine/customers.py", "        raise name_faults(lines, where)", "        pass"),
        ("tests/engine/test_engine_sources.py::test_faults_are_counted_and_named_alike",),
    ),
]

PLOTS = [
    Guard(
        "figures need no font of the machine",
        "the bundled font is not registered",
        replace("crm_lib/plots/style.py", "    _register_font(str(font_path()))\n", ""),
        ("tests/plots/test_style.py::test_style_uses_the_bundled_font_though_the_system_has_one",),
    ),
    Guard(
        "the same figure gives the same bytes",
        "the date of drawing is written into the file",
        replace("crm_lib/plots/style.py", 'metadata={"Date": None, "Creator": None}', "metadata={}"),
        ("tests/plots/test_style.py::test_same_figure_same_bytes",),
    ),
    Guard(
        "plots name no address",
        "text is written in letters of the viewer's own fonts",
        replace("crm_lib/plots/style.py", '"svg.fonttype": "path"', '"svg.fonttype": "none"'),
        ("tests/plots/test_style.py::test_same_figure_same_bytes",),
    ),
]

_UNSEEN = "tests/identify/test_unseen_orders.py"

UNSEEN = [
    Guard(
        "an order's total on each of its lines is not counted twice",
        "nobody looks for it",
        replace("crm_lib/identify/cleaning.py", "        refuse_order_totals(typed, raw", "        id(raw"),
        (f"{_UNSEEN}::test_an_order_total_on_its_lines_is_not_counted_twice",),
    ),
    Guard(
        "dates swapped by a spreadsheet are refused",
        "they are taken as they come",
        replace("crm_lib/identify/_dates.py", "        refuse_swapped(", "        tuple if True else ("),
        (f"{_UNSEEN}::test_dates_swapped_by_a_spreadsheet_are_refused",),
    ),
    Guard(
        "phones and e-mails become customer numbers only when named",
        "the values are not looked at",
        replace(
            "crm_lib/readwrite/table.py",
            "        refuse_contact_ids(",
            '        print(end="") if True else (',
        ),
        (f"{_UNSEEN}::test_contact_data_become_customer_numbers_only_when_named",),
    ),
]

PORTRAY = [
    Guard(
        "a portrait shows only the fields that are allowed",
        "every field of the register is shown",
        replace(
            "crm_lib/portray/cards.py",
            "for c in (*OPEN_FIELDS, *show) if c in register.columns]",
            "for c in register.columns if c != 'customer_id']",
        ),
        ("tests/portray/test_explain_and_cards.py::test_card_says_the_computed_facts_and_no_secret",),
    ),
    Guard(
        "no label looks past its day",
        "later rows are counted",
        replace("crm_lib/portray/measures.py", "pd.Timedelta(days=1)\n", "pd.Timedelta(days=9999)\n"),
        ("tests/portray/test_customer_labels.py::test_nothing_after_the_day_changes_a_label",),
    ),
    Guard(
        "data without groups are told as such",
        "the test of heaps is not believed",
        replace(
            "crm_lib/portray/sweep.py",
            "    if heaps.finds_one_heap:\n        why",
            "    if False:\n        why",
        ),
        ("tests/portray/test_cluster_number.py::test_data_without_groups_two_seeds",),
    ),
]

ROOM_GUARDS = [*PUBLISH, *LESSON, *READWRITE, *ANALYSES, *UNSEEN, *PORTRAY, *PLOTS]
