"""The guards of the room `differentiate` and of the lessons on value, growth and losses."""

from __future__ import annotations

from guard_kinds import Guard, replace

_ROOM = "crm_lib/differentiate"
_TESTS = "tests/differentiate"
_DECILES = f"{_TESTS}/test_deciles.py"
_MOVES = f"{_TESTS}/test_migration.py"
_COSTS = f"{_TESTS}/test_cost_to_serve.py"
_TREATED = f"{_TESTS}/test_treatments.py"
_SHARE = f"{_TESTS}/test_share.py"
_GROWTH = f"{_TESTS}/test_growth.py"
_POTENTIAL = f"{_TESTS}/test_potential.py"
_OUTLOOK = f"{_TESTS}/test_outlook.py"
_LIFE = f"{_TESTS}/test_lifetime_repeat.py"
_ORACLES = f"{_TESTS}/test_lifetime_oracles.py"
_EFFECTS = f"{_TESTS}/test_policy_effects.py"
_NO_LOT = f"{_TESTS}/test_policy_nonrandom.py"
_UPLIFT = f"{_TESTS}/test_policy_uplift.py"
_LESSONS = "tests/lesson/test_growth_and_losses.py"
_GROWABLE = "tests/notebooks/test_most_growable.py"
_LOSSES = "tests/notebooks/test_below_zero.py"

CLASSES = [
    Guard(
        "equal customers share a tenth",
        "the tenths are cut by place",
        replace(
            f"{_ROOM}/deciles.py",
            'np.searchsorted(-money, -money, side="left")',
            "np.arange(len(money))",
        ),
        (f"{_DECILES}::test_equal_customers_share_the_tenth_of_the_first_of_them",),
    ),
    Guard(
        "a sum that is not positive has no shares",
        "it is divided by all the same",
        replace(f"{_ROOM}/deciles.py", "float(whole) if whole > 0 else np.nan", "float(whole) or 1.0"),
        (f"{_DECILES}::test_a_sum_that_is_not_positive_has_no_shares",),
    ),
    Guard(
        "an unknown profit is counted, not taken for 0",
        "it becomes 0",
        replace(f"{_ROOM}/deciles.py", "profit[profit[by].notna()]", "profit.fillna({by: 0.0})"),
        (f"{_DECILES}::test_an_unknown_profit_is_counted_not_guessed",),
    ),
    Guard(
        "who is missing in a period is not in its lowest class",
        "he falls into it",
        replace(
            f"{_ROOM}/migration.py",
            "second.reindex(ids).fillna(LOST)",
            "second.reindex(ids).fillna(known[-1])",
        ),
        (f"{_MOVES}::test_who_is_missing_is_not_in_the_lowest_class",),
    ),
    Guard(
        "a class nobody was in has no shares of moves",
        "they are 0",
        replace(
            f"{_ROOM}/migration.py", "whole.where(whole > 0, 1), np.nan)", "whole.where(whole > 0, 1), 0.0)"
        ),
        (f"{_MOVES}::test_a_class_nobody_was_in_has_no_shares",),
    ),
    Guard(
        "classes nobody moved between cost no degree of freedom",
        "every pair counts",
        replace(
            f"{_ROOM}/migration.py",
            "symmetry, int(moved.sum()))",
            "symmetry, len(table) * (len(table) - 1) // 2)",
        ),
        (f"{_MOVES}::test_classes_nobody_moved_between_cost_no_degree_of_freedom",),
    ),
    Guard(
        "a period that is not over has no retention",
        "what has come so far is the share",
        replace(f"{_ROOM}/cohorts.py", "np.where(over | (period == 0), share, np.nan)", "share.to_numpy()"),
        (f"{_TESTS}/test_cohorts.py::test_months_by_hand",),
    ),
    Guard(
        "a period in which nobody bought is a 0, not a gap",
        "it is missing",
        replace(f"{_ROOM}/cohorts.py", "np.where(over | (", 'np.where(over & (table["n_active"] > 0) | ('),
        (f"{_TESTS}/test_cohorts.py::test_months_by_hand",),
    ),
]

COSTS = [
    Guard(
        "every part of a pool of costs arrives",
        "what is left over after rounding down is dropped",
        replace(f"{_ROOM}/cost_to_serve.py", "parts[first[:rest]] += 1", "parts[first[:0]] += 1"),
        (f"{_COSTS}::test_left_over_parts_go_to_the_largest_remainders",),
    ),
    Guard(
        "an activity without a cost is missing, not free",
        "it costs 0",
        replace(f"{_ROOM}/cost_to_serve.py", "(np.full(len(out), np.nan) for", "(np.full(len(out), 0.0) for"),
        (f"{_COSTS}::test_an_activity_without_a_cost_is_missing_not_free",),
    ),
    Guard(
        "what is used but not priced is missing in its column",
        "the column says 0",
        replace(
            f"{_ROOM}/cost_to_serve.py",
            "wide.mask(unknown > 0)",
            "wide.mask(unknown > 99)",
        ),
        (f"{_COSTS}::test_what_is_used_but_not_priced_is_missing_in_its_column_too",),
    ),
    Guard(
        "a return is no order handled",
        "every line is a purchase",
        replace(f"{_ROOM}/cost_to_serve.py", 'bought = lines[lines["quantity"] > 0]', "bought = lines"),
        (f"{_COSTS}::test_units_by_hand",),
    ),
    Guard(
        "a line without quantity is counted as unknown",
        "it is left out without a word",
        replace(f"{_ROOM}/cost_to_serve.py", 'int(lines["quantity"].isna().sum())', "0"),
        (f"{_COSTS}::test_a_line_without_quantity_is_counted_as_unknown",),
    ),
    Guard(
        "what was not known on the day costs nothing yet",
        "later rows are counted",
        replace(
            f"{_ROOM}/cost_to_serve.py",
            "frame[(when < day + pd.Timedelta(days=1)).to_numpy()].reset_index",
            "frame.reset_index",
        ),
        (f"{_COSTS}::test_units_by_hand",),
    ),
    Guard(
        "a negative cost is refused",
        "nobody looks at the sign",
        replace(f"{_ROOM}/cost_to_serve.py", "not math.isfinite(v) or v < 0]", "not math.isfinite(v)]"),
        (f"{_COSTS}::test_wrong_tables_are_sentences",),
    ),
    Guard(
        "a discount written as a percentage is refused",
        "any number is a share",
        replace(f"{_ROOM}/cost_to_serve.py", ".between(0, 1)).sum())", ".between(0, 100)).sum())"),
        (f"{_COSTS}::test_a_discount_is_a_share",),
    ),
]

TREATMENTS = [
    Guard(
        "no rule uses a protected attribute",
        "the columns of the rules are not looked at",
        replace(
            f"{_ROOM}/treatment_rules.py",
            '    refuse_protected("choose_treatments", [str(c) for c in rules["column"]])\n',
            "    str(refuse_protected)\n",
        ),
        (f"{_TREATED}::test_rules_that_break_the_rules",),
    ),
    Guard(
        "a protected attribute is found within a longer name",
        "only the whole name counts",
        replace(
            f"{_ROOM}/fairness.py",
            'plain == n or plain.startswith(f"{n}_") or plain.endswith(f"_{n}")',
            "plain == n",
        ),
        (f"{_TESTS}/test_fairness.py::test_names",),
    ),
    Guard(
        "a column that tells a protected attribute again is said",
        "nobody warns",
        replace(f"{_ROOM}/fairness.py", 'if out["proxy"].any():', "if False:"),
        (f"{_TESTS}/test_fairness.py::test_a_column_that_tells_the_attribute_again_is_a_proxy",),
    ),
    Guard(
        "an assumption that cannot be is refused",
        "any number passes",
        replace(f"{_ROOM}/treatments.py", "or not 0 <= value <= top:", "or False:"),
        (f"{_TREATED}::test_an_assumption_that_cannot_be_is_refused",),
    ),
    Guard(
        "a plan names customers who are there",
        "others gain nothing, without a word",
        replace(f"{_ROOM}/treatments.py", "    if len(lost):\n", "    if False:\n"),
        (f"{_TREATED}::test_a_range_must_hold_what_is_assumed_and_a_plan_its_customers",),
    ),
    Guard(
        "a customer counts once in a plan",
        "his gains are added up",
        replace(f"{_ROOM}/treatments.py", '    raise_faults("sum_plan", find_id_faults(plan))\n', ""),
        (f"{_TREATED}::test_a_customer_counts_once_in_a_plan",),
    ),
    Guard(
        "the range of an assumption holds what is assumed",
        "any range passes",
        replace(f"{_ROOM}/treatments.py", "if not low <= getattr(base, name) <= high:", "if False:"),
        (f"{_TREATED}::test_a_range_must_hold_what_is_assumed_and_a_plan_its_customers",),
    ),
    Guard(
        "the first rule that fits decides",
        "the last one does",
        replace(
            f"{_ROOM}/treatment_rules.py",
            'np.logical_and.reduce(meets) & (chosen == "")',
            "np.logical_and.reduce(meets)",
        ),
        (f"{_TREATED}::test_the_first_rule_that_fits_decides_and_says_why",),
    ),
    Guard(
        "an unknown value fits no rule",
        "it counts as 0",
        replace(
            f"{_ROOM}/treatment_rules.py",
            'dtype="float64", na_value=np.nan)',
            'dtype="float64", na_value=0.0)',
        ),
        (f"{_TREATED}::test_both_ends_belong_to_the_range_and_the_unknown_fits_nothing",),
    ),
    Guard(
        "every rule has a name",
        "a rule without one passes",
        replace(f"{_ROOM}/treatment_rules.py", "    if nameless.any():\n", "    if False:\n"),
        (f"{_TREATED}::test_rules_without_a_name_or_a_number_are_refused_in_words",),
    ),
    Guard(
        "a customer who is gone has not come back to profit",
        "only those seen again are counted",
        replace(
            f"{_ROOM}/treatment_rules.py",
            "interval_of_share(n_back, len(losing)",
            "interval_of_share(n_back, len(seen)",
        ),
        (f"{_TREATED}::test_the_review_by_hand",),
    ),
    Guard(
        "equal losses are caught together at a limit",
        "a loss of just the limit is spared",
        replace(f"{_ROOM}/outlook.py", "then <= -limit", "then < -limit"),
        (f"{_OUTLOOK}::test_equal_losses_are_caught_together_at_the_limit",),
    ),
    Guard(
        "who was not seen again has not come back",
        "he counts as back",
        replace(f"{_ROOM}/outlook.py", "int((now[caught] >= 0).sum())", "int((~(now[caught] < 0)).sum())"),
        (f"{_OUTLOOK}::test_limits_by_hand",),
    ),
    Guard(
        "who has never bought goes on as he is",
        "he is promised 0",
        replace(f"{_ROOM}/outlook.py", '.fillna(customers["net_profit"])', ".fillna(0.0)"),
        (f"{_OUTLOOK}::test_the_outlook_of_three_customers",),
    ),
]

GROWTH = [
    Guard(
        "who spends nothing with anybody has no share",
        "it is 0",
        replace(f"{_ROOM}/share.py", "out=np.full(len(out), np.nan)", "out=np.zeros(len(out))"),
        (f"{_SHARE}::test_shares_by_hand",),
    ),
    Guard(
        "rows of a wallet without a category are not lost",
        "they are left out",
        replace(f"{_ROOM}/share.py", ", sort=True, dropna=False)", ", sort=True)"),
        (f"{_SHARE}::test_rows_without_a_category_are_a_group_of_their_own",),
    ),
    Guard(
        "the whole spend is not guessed from itself",
        "it may be a feature",
        replace(
            f"{_ROOM}/share.py", 'told = sorted({"category_spend", "share"} & set(features))', "told = []"
        ),
        (f"{_SHARE}::test_wrong_calls_are_sentences",),
    ),
    Guard(
        "the interval of a share comes from customers the model has not seen",
        "it is measured on those it learnt from",
        replace(
            f"{_ROOM}/share.py",
            "fit(x.iloc[learn], y[learn])\n        found[test]",
            "fit(x, y)\n        found[test]",
        ),
        (f"{_SHARE}::test_the_estimate_is_near_and_its_interval_covers_others",),
    ),
    Guard(
        "no share is above the whole",
        "the estimate may fall below what was sold",
        replace(
            f"{_ROOM}/share.py",
            "whole = np.maximum(np.expm1(log_spend), ours)",
            "whole = np.expm1(log_spend)",
        ),
        (f"{_SHARE}::test_customers_alike_without_a_word_of_theirs_get_the_same_and_order_is_kept",),
    ),
    Guard(
        "who returned more than he bought has no share below 0",
        "what is left of his spend is divided as it is",
        replace(f"{_ROOM}/share.py", "_to_share(np.maximum(ours, 0.0), middle", "_to_share(ours, middle"),
        (f"{_SHARE}::test_who_returned_more_than_he_bought_has_share_0",),
    ),
    Guard(
        "a category returned is no category bought",
        "every line counts",
        replace(f"{_ROOM}/basket_rules.py", 'if "amount" in bought:', "if False:"),
        (f"{_GROWTH}::test_a_basket_holds_what_was_kept",),
    ),
    Guard(
        "a rule between categories is above chance",
        "the share alone has to be above the base, not its interval",
        replace(f"{_ROOM}/basket_rules.py", "if share.low > base:", "if n_both / n_if > base:"),
        (f"{_GROWTH}::test_chance_alone_gives_few_rules",),
    ),
    Guard(
        "nobody is his own neighbour",
        "he is among those like him",
        replace(f"{_ROOM}/growth.py", "weight[row] -= 1", "weight[row] -= 0"),
        (f"{_GROWTH}::test_nobody_is_his_own_neighbour",),
    ),
    Guard(
        "what is bought later enters no suggestion",
        "look-alikes are sought in both periods",
        replace(
            f"{_ROOM}/growth_plan.py",
            "suggest_categories(before, ",
            "suggest_categories(before.astype(int).add(after.astype(int), fill_value=0) > 0, ",
        ),
        (f"{_POTENTIAL}::test_what_is_bought_later_enters_no_suggestion",),
    ),
    Guard(
        "a budget of growth is never exceeded",
        "the customer it ends within is still chosen",
        replace(f"{_ROOM}/growth.py", "worth & (ends <= limit)", 'worth & (ends - frame["cost"] < limit)'),
        (f"{_GROWTH}::test_the_budget_by_hand",),
    ),
    Guard(
        "equal customers are chosen together or not at all",
        "the budget cuts between them",
        replace(f"{_ROOM}/growth.py", 'running.groupby(frame["gain_per_yuan"]).transform("max")', "running"),
        (f"{_GROWTH}::test_the_budget_by_hand",),
    ),
    Guard(
        "nobody is chosen who loses money",
        "the budget is used up",
        replace(
            f"{_ROOM}/growth.py", 'worth = frame["expected_gain"] > 0', 'worth = frame["expected_gain"] > -99'
        ),
        (f"{_GROWTH}::test_a_budget_without_end_takes_all_who_gain_and_none_who_lose",),
    ),
    Guard(
        "a measure without cost or of an impossible share is refused",
        "the figures are not looked at",
        replace(f"{_ROOM}/growth_plan.py", " or not good.all():", ":"),
        (f"{_POTENTIAL}::test_measures_of_ones_own",),
    ),
    Guard(
        "all three thresholds of growth are said",
        "a missing one is found out later",
        replace(f"{_ROOM}/potential.py", "    if lacking := ", "    if False and "),
        (f"{_POTENTIAL}::test_all_three_thresholds_must_be_said",),
    ),
    Guard(
        "who is exactly at a threshold passes it",
        "he has to be above it",
        replace(
            f"{_ROOM}/potential.py",
            "actual >= mvc_from, potential >= mgc_from",
            "actual > mvc_from, potential > mgc_from",
        ),
        (f"{_POTENTIAL}::test_classes_by_hand_at_the_very_edges",),
    ),
    Guard(
        "an unknown potential is not a low one",
        "it puts a customer among the rest",
        replace(f"{_ROOM}/potential.py", "np.isnan(potential)]", "np.isinf(potential)]"),
        (f"{_POTENTIAL}::test_classes_by_hand_at_the_very_edges",),
    ),
    Guard(
        "a value of 0 is never a threshold",
        "everybody without value passes it",
        replace(f"{_ROOM}/potential.py", "    first = first[first > 0]\n", ""),
        (f"{_POTENTIAL}::test_nothing_above_0_is_no_threshold",),
    ),
    Guard(
        "who only returned goods is no benchmark",
        "he is one of the buyers",
        replace(f"{_ROOM}/potential.py", 'bought = sums[sums["our_spend"] > 0]', "bought = sums"),
        (f"{_POTENTIAL}::test_headroom_by_hand",),
    ),
    Guard(
        "two periods are compared of the same customers",
        "everybody of either period is a pair",
        replace(f"{_ROOM}/potential.py", 'how="inner"', 'how="outer"'),
        (f"{_POTENTIAL}::test_periods_are_paired_by_customer",),
    ),
    Guard(
        "the interval of a change of share follows its seed",
        "every run draws others",
        replace(
            f"{_ROOM}/potential.py",
            "x, _change, random_state=random_state,",
            "x, _change, random_state=__import__('secrets').randbits(32),",
        ),
        (f"{_POTENTIAL}::test_the_same_seed_gives_the_same_interval",),
    ),
]

LIFETIME = [
    Guard(
        "data that determine nothing raise the warning",
        "a degenerate fit passes in silence",
        replace(f"{_ROOM}/lifetime/fitting.py", "    if degenerate:\n", "    if False:\n"),
        (f"{_LIFE}::test_data_that_determine_nothing_raise_the_warning",),
    ),
    Guard(
        "spend that goes with frequency raises the warning",
        "no correlation is too strong",
        replace(f"{_ROOM}/lifetime/spend.py", "STRONG = 0.15", "STRONG = 1.5"),
        (f"{_LIFE}::test_spend_that_goes_with_frequency_raises_the_warning",),
    ),
    Guard(
        "the fits climb along a gradient that is right",
        "one term of it has the wrong sign",
        replace(
            f"{_ROOM}/lifetime/spend.py", "n * q / gamma - share @ shape", "n * q / gamma + share @ shape"
        ),
        (f"{_ORACLES}::test_gradient_and_hessian_agree_with_differences",),
    ),
    Guard(
        "customers of equal rows weigh as often as they stand",
        "each group counts once",
        replace(
            f"{_ROOM}/lifetime/fitting.py", "np.bincount(group, minlength=len(keys))", "np.ones(len(keys))"
        ),
        (f"{_ORACLES}::test_rows_are_grouped_as_a_plain_count_would",),
    ),
    Guard(
        "a model that is held against later time has not seen it",
        "it is given all of it",
        replace(
            f"{_ROOM}/lifetime/holdout.py",
            "summarize_repeat(orders, as_of=start, unit=unit",
            "summarize_repeat(orders, as_of=end, unit=unit",
        ),
        (f"{_LIFE}::test_the_holdout_counts_new_days_only",),
    ),
    Guard(
        "customers of equal forecast stay in one group",
        "the groups are cut by place",
        replace(
            f"{_ROOM}/lifetime/holdout.py",
            'np.searchsorted(np.sort(expected), expected, side="left")',
            'np.argsort(np.argsort(expected, kind="stable"))',
        ),
        (f"{_LIFE}::test_customers_of_equal_forecast_stay_in_one_group",),
    ),
    Guard(
        "a frame that forgot its hold-out time is refused in words",
        "it fails where the time is needed",
        replace(f"{_ROOM}/lifetime/holdout.py", 'if "ahead" not in holdout.attrs:', "if False:"),
        (f"{_LIFE}::test_a_frame_that_forgot_its_hold_out_time_is_refused_in_words",),
    ),
    Guard(
        "what no customer can have done is refused by the lifetime models",
        "a last purchase after the last day passes",
        replace(
            f"{_ROOM}/lifetime/repeat.py", 'times["t_observed"] * (1 + 1e-12)', 'times["t_observed"] * 99'
        ),
        (f"{_LIFE}::test_what_cannot_be_is_refused_in_words",),
    ),
    Guard(
        "the interval of a customer's value follows its seed",
        "every run draws others",
        replace(f"{_ROOM}/lifetime/value.py", "default_rng(random_state)", "default_rng()"),
        (f"{_LIFE}::test_value_is_orders_times_spend_and_the_interval_holds_its_luck",),
    ),
    Guard(
        "the plain formula refuses a discount below 0",
        "nobody looks at it",
        replace(
            f"{_ROOM}/lifetime/value.py",
            '        ("margin", margin, 0.0, 1.0),\n        ("discount", discount, 0.0, 1.0),\n    ):',
            '        ("margin", margin, 0.0, 1.0),\n    ):',
        ),
        (f"{_LIFE}::test_the_plain_formula_and_the_interval_refuse_what_they_cannot_use",),
    ),
    Guard(
        "no number is in no range",
        "NaN passes every check of a range",
        replace(
            "crm_lib/_checks.py",
            "not value >= low) or (high is not None and not value <= high)",
            "value < low) or (high is not None and value > high)",
        ),
        ("tests/test_checks_ground.py::test_no_number_is_in_no_range",),
    ),
]

POLICIES = [
    Guard(
        "without a control group there is no effect",
        "one arm is enough",
        replace(f"{_ROOM}/policy/_arms.py", "if min(n_treated, n_control) < least:", "if False:"),
        (f"{_EFFECTS}::test_faults_of_the_frame_are_said_in_words",),
    ),
    Guard(
        "a missing outcome is not 0",
        "it becomes 0",
        replace(f"{_ROOM}/policy/_arms.py", "na_value=np.nan)", "na_value=0.0)"),
        (f"{_EFFECTS}::test_faults_of_the_frame_are_said_in_words",),
    ),
    Guard(
        "a lift over nothing is missing",
        "it is divided by all the same",
        replace(f"{_ROOM}/policy/_inference.py", "    if b <= 0:\n", "    if b < -99:\n"),
        (f"{_EFFECTS}::test_lift_is_missing_where_the_control_group_cannot_be_told_from_nothing",),
    ),
    Guard(
        "yes and no are compared as shares",
        "they are compared as amounts",
        replace(f"{_ROOM}/policy/effects.py", "share = is_share(values)", "share = not is_share"),
        (f"{_EFFECTS}::test_means_and_shares_are_those_of_scipy_and_statsmodels",),
    ),
    Guard(
        "customers of equal score enter a curve together",
        "the order of the rows decides",
        replace(
            f"{_ROOM}/policy/_ranking.py",
            "np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(ranked) - 1)",
            "np.arange(len(ranked))",
        ),
        (f"{_UPLIFT}::test_equal_scores_are_a_ranking_by_lot",),
    ),
    Guard(
        "customers of equal score stay in one group of uplift",
        "the groups are cut by place",
        replace(
            f"{_ROOM}/policy/qini.py",
            'np.searchsorted(np.sort(-rank), -rank, side="left")',
            'np.argsort(np.argsort(-rank, kind="stable"))',
        ),
        (f"{_UPLIFT}::test_groups_by_hand_keep_equal_scores_together",),
    ),
    Guard(
        "the budget of a policy is never exceeded",
        "a part of a customer's cost pays for him",
        replace(f"{_ROOM}/policy/budget.py", "math.floor(b / cost + 1e-9)", "math.ceil(b / cost - 1e-9)"),
        (f"{_UPLIFT}::test_a_budget_pays_for_whole_customers_only",),
    ),
    Guard(
        "nobody is treated who does not pay",
        "money left is spent",
        replace(
            f"{_ROOM}/policy/budget.py",
            "rank * value > cost if only_paying else",
            "rank * 0 < 1 if only_paying else",
        ),
        (f"{_UPLIFT}::test_who_does_not_pay_is_not_treated_even_with_money_left",),
    ),
    Guard(
        "customers who share the last score have equal chances",
        "the first rows are taken",
        replace(
            f"{_ROOM}/policy/budget.py",
            "chances[tied] = (n_paid - len(above)) / len(tied)",
            "chances[tied[: n_paid - len(above)]] = 1.0",
        ),
        (f"{_UPLIFT}::test_budgets_by_hand",),
    ),
    Guard(
        "what treated customers bought anyway is no return",
        "all they brought is gain",
        replace(
            f"{_ROOM}/policy/returns.py",
            "float(u[treated].mean() - u[~treated].mean())",
            "float(u[treated].mean())",
        ),
        (f"{_EFFECTS}::test_return_by_hand",),
    ),
    Guard(
        "the interval of a return follows its seed",
        "every run draws others",
        replace(f"{_ROOM}/policy/returns.py", "default_rng(random_state)", "default_rng()"),
        (f"{_EFFECTS}::test_the_same_seed_gives_the_same_return",),
    ),
    Guard(
        "a split that went wrong is called off",
        "no p value is small enough",
        replace(f"{_ROOM}/policy/randomisation.py", "MISMATCH = 0.001", "MISMATCH = 0.0"),
        (f"{_EFFECTS}::test_split_by_hand",),
    ),
    Guard(
        "lots are dealt anew within their strata",
        "they are dealt over all customers",
        replace(
            f"{_ROOM}/policy/randomisation.py",
            "np.lexsort((rng.random(len(treated)), strata))",
            "np.argsort(rng.random(len(treated)))",
        ),
        (f"{_EFFECTS}::test_every_stratum_keeps_its_number_of_treated_customers",),
    ),
    Guard(
        "a covariate moved by the policy raises the warning",
        "it is used without a word",
        replace(f"{_ROOM}/policy/variance.py", "    if late:\n", "    if False:\n"),
        (f"{_EFFECTS}::test_a_covariate_moved_by_the_policy_raises_the_warning",),
    ),
    Guard(
        "a customer without a past counts as the mean of the others",
        "he counts as 0",
        replace(
            f"{_ROOM}/policy/features.py",
            "np.where(gap, values[~gap].mean(), values)",
            "np.where(gap, 0.0, values)",
        ),
        (f"{_EFFECTS}::test_a_gap_in_a_covariate_is_filled_with_the_mean_of_the_others",),
    ),
    Guard(
        "the error of a ratio takes the customer as the case",
        "the denominator is taken for fixed",
        replace(f"{_ROOM}/policy/ratios.py", "(top - ratio * bottom)", "(top - top.mean())"),
        (f"{_EFFECTS}::test_ratio_is_that_of_a_jackknife_and_one_order_each_is_a_mean",),
    ),
    Guard(
        "a plan that would take more customers than there are is refused",
        "any number is planned",
        replace(f"{_ROOM}/policy/planning.py", "_MOST = 1_000_000_000", "_MOST = 10**40"),
        (f"{_EFFECTS}::test_plans_refuse_what_they_cannot_plan",),
    ),
    Guard(
        "without a lot an imbalance that is left is said",
        "the sentence always says that the arms are alike",
        replace(f"{_ROOM}/policy/nonrandom.py", "GOOD_BALANCE = 0.1", "GOOD_BALANCE = 99.0"),
        (f"{_NO_LOT}::test_arms_that_hardly_overlap_raise_the_warning_and_the_sentence_changes",),
    ),
    Guard(
        "each control customer is a partner once",
        "he stays free",
        replace(
            f"{_ROOM}/policy/propensity.py", "        after[best], before[best + 1] = best + 1, best\n", ""
        ),
        (f"{_NO_LOT}::test_pairs_are_the_nearest_and_each_control_customer_is_used_once",),
    ),
    Guard(
        "treated customers without a partner are said",
        "they are left out without a word",
        replace(
            f"{_ROOM}/policy/propensity.py", "if n_unmatched > MOST_UNMATCHED * n:", "if n_unmatched > n:"
        ),
        (f"{_NO_LOT}::test_treated_customers_without_a_partner_raise_the_warning",),
    ),
    Guard(
        "too few customers teach no uplift",
        "five are enough",
        replace(f"{_ROOM}/policy/uplift.py", "LEAST_ARM = 50", "LEAST_ARM = 5"),
        (f"{_UPLIFT}::test_uplift_faults_are_said_in_words",),
    ),
    Guard(
        "a customer's number is no feature",
        "it may be one",
        replace(f"{_ROOM}/policy/uplift.py", 'if "customer_id" in names:', "if False:"),
        (f"{_UPLIFT}::test_a_customer_number_is_no_feature",),
    ),
]

LESSONS = [
    Guard(
        "shares and days of the growth lesson are looked at",
        "a share of 0 passes",
        replace("notebooks/2_differentiation/2_most_growable.ipynb", "[0.01, 0.9]", "[0, 0.9]"),
        (f"{_GROWABLE}::test_a_wrong_parameter_set_fails_in_words",),
    ),
    Guard(
        "the parameters of the lesson on losses are looked at",
        "a limit of loss may be negative",
        replace("notebooks/2_differentiation/3_below_zero.ipynb", "[0, 1000000]", "[-1000000, 1000000]"),
        (f"{_LOSSES}::test_a_wrong_parameter_set_fails_in_words",),
    ),
    Guard(
        "a file without one usable order stops the growth lesson in words",
        "it goes on with nothing",
        replace(
            "crm_lib/lesson/growth_data.py",
            "    if not len(rows):\n        raise DataError(",
            "    if not len(rows):\n        str(",
        ),
        (f"{_GROWABLE}::test_an_empty_file_stops_in_chinese",),
    ),
    Guard(
        "a year of the growth lesson has 365 days",
        "it has one more",
        replace("crm_lib/lesson/growth_value.py", "YEAR_DAYS = 365", "YEAR_DAYS = 366"),
        (f"{_LESSONS}::test_a_year_ends_with_its_day_and_has_365_of_them",),
    ),
    Guard(
        "who bought nothing in the year brought nothing",
        "his value is unknown",
        replace("crm_lib/lesson/growth_value.py", "    found[~inside] = 0.0\n", ""),
        (f"{_LESSONS}::test_who_bought_nothing_brought_nothing_and_an_unknown_value_stays_unknown",),
    ),
    Guard(
        "who told what he spends is taken at his word",
        "he is estimated like the others",
        replace(
            "crm_lib/lesson/growth_value.py",
            "out.index.intersection(told.index)",
            "out.index.intersection(told.index[:0])",
        ),
        (f"{_GROWABLE}::test_few_answers_are_used_and_nothing_is_estimated",),
    ),
    Guard(
        "one firm's wallet says nothing about another's customers",
        "any sample is used",
        replace(
            "crm_lib/lesson/growth_data.py", "    return other not in samples or ", "    return True or "
        ),
        (f"{_LESSONS}::test_people_and_contacts_of_another_company_are_not_used",),
    ),
    Guard(
        "a trial of suggestions knows nothing of the half year after",
        "the lines of that time teach it",
        replace(
            "crm_lib/lesson/growth_steps.py",
            "list_baskets(rows[when < cut])",
            "list_baskets(rows[when < end])",
        ),
        (f"{_LESSONS}::test_suggestions_are_made_from_what_was_known_half_a_year_before",),
    ),
    Guard(
        "suggestions that were worse give way to the most bought",
        "they are made all the same",
        replace("crm_lib/lesson/growth_steps.py", '[1] == "worse":', '[1] == "":'),
        (f"{_GROWABLE}::test_suggestions_that_were_worse_give_way_to_the_most_bought",),
    ),
    Guard(
        "a campaign is judged by those whose spend is known",
        "a missing spend is 0",
        replace(
            "crm_lib/lesson/growth_trial.py",
            'part.dropna(subset=["spend_after", "arm"])',
            'part.fillna({"spend_after": 0.0})',
        ),
        (f"{_LESSONS}::test_a_campaign_is_judged_by_those_whose_spend_is_known",),
    ),
    Guard(
        "nobody is said to spend less in all than he spends with us",
        "the assumption is carried back as it is",
        replace(
            "crm_lib/lesson/growth_steps.py",
            "return np.maximum(np.round(whole, 4), part)",
            "return np.round(whole, 4)",
        ),
        (f"{_LESSONS}::test_one_period_of_the_wallet_is_carried_back_and_never_below_what_we_sold",),
    ),
    Guard(
        "a period without a line stops the lesson on losses in words",
        "it goes on with nothing",
        replace(
            "crm_lib/lesson/below_zero_profit.py",
            "    if not len(lines):\n        raise DataError(",
            "    if not len(lines):\n        str(",
        ),
        (f"{_LESSONS}::test_a_period_without_a_line_is_refused",),
    ),
    Guard(
        "the last day of a period belongs to it",
        "it ends with the day before",
        replace(
            "crm_lib/lesson/below_zero_profit.py",
            "end = pd.Timestamp(day) + pd.Timedelta(days=1)",
            "end = pd.Timestamp(day)",
        ),
        (f"{_LESSONS}::test_what_serving_costs_is_spread_over_those_who_were_served",),
    ),
    Guard(
        "the registers of another company are not used for fairness",
        "any sample is read",
        replace(
            "crm_lib/lesson/below_zero_people.py", "    return name not in samples or ", "    return True or "
        ),
        (f"{_LESSONS}::test_people_and_contacts_of_another_company_are_not_used",),
    ),
    Guard(
        "a limit of loss that caught no loss is not proposed",
        "the one that brought least is",
        replace(
            "crm_lib/lesson/below_zero_review.py",
            '(tried["n_caught"] > 0) & (tried["later_profit"] < 0)',
            'tried["n_caught"] > 0',
        ),
        (f"{_LESSONS}::test_the_limit_in_force_stays_where_no_other_caught_a_loss",),
    ),
    Guard(
        "who only called in a period is not lost",
        "only buyers have a row",
        replace("crm_lib/lesson/below_zero_profit.py", 'how="outer"', 'how="left"'),
        (f"{_LESSONS}::test_what_serving_costs_is_spread_over_those_who_were_served",),
    ),
    Guard(
        "a new customer is not judged yet",
        "his loss is treated",
        replace(
            "crm_lib/lesson/below_zero_rules.py",
            '        ("new", "known_days", None, float(new_days), "leave_alone"),\n',
            "",
        ),
        (f"{_LESSONS}::test_who_gains_is_new_or_has_hope_is_left_alone",),
    ),
    Guard(
        "the list of losses holds those who are left alone",
        "only treated customers are on it",
        replace(
            "crm_lib/lesson/below_zero_files.py",
            'both[both["net_profit"] < 0]',
            'both[both["treatment"] != "leave_alone"]',
        ),
        (f"{_LESSONS}::test_the_list_holds_every_loser_also_those_who_are_left_alone",),
    ),
    Guard(
        "a group of few people is not shown",
        "one is enough",
        replace("crm_lib/lesson/below_zero_people.py", "LEAST_OF_GROUP = 10", "LEAST_OF_GROUP = 1"),
        (f"{_LESSONS}::test_a_group_of_fewer_than_ten_is_not_shown",),
    ),
]

VALUES = [*CLASSES, *COSTS, *TREATMENTS, *GROWTH, *LIFETIME, *POLICIES, *LESSONS]
