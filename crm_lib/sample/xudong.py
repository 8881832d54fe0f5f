"""The company 旭东, invented and generated: its data, and beside them the truth that was planted.

旭东 sells goods for the home and clothing in stores, in a web shop, through a
call centre and a contract department.  Only its name comes from the course;
trade, size, customers and every number here are made up.  All numbers of the
laws stand in ``crm_lib/sample/laws.toml`` and are copied to ``truth/laws.json``.

=====================  ==========================================================  =======================
planted                law                                                         truth
=====================  ==========================================================  =======================
types                  six kinds of customer, by ``share``                         persons.type
orders                 MBG/NBD within each type: Poisson orders, rate per week     persons.orders_per_week,
                       gamma(r, alpha); after each order, the first included, the  dropout, alive_at_end,
                       person leaves for good with a chance of beta(a, b); first   n_orders_next_26_weeks …
                       orders uniform over the three years
order value            gamma-gamma within each type: gamma(p) around the person's  persons.mean_order_value
                       mean p / gamma(q, gamma); lines come close to it (a few %)
lines                  1 + Poisson lines, categories, channels, discounts by type  laws
returns                per line by category; a later line with negative amount     laws
leaving                reason by type; price, quality, delivery are complained     persons.churn_reason
                       about after the last order with chance 0.6
contacts               Poisson per order by type; minutes gamma by medium, cost =  laws
                       minutes × cost per minute of the medium
wallet                 our share beta by type; spending elsewhere follows from it  persons.wallet_share
campaigns              arm by coin; chance to convert by type, effect by type,     campaign_members, with
                       halved for who bought nothing in 180 days                   both potential outcomes
touches                noisy-or: each touch converts by its medium's effect        touches.caused_by
clicks                 sessions Poisson by type, funnel by device                  laws
reviews                sentiment by the article's quality, sentences by topic      reviews
registers              a person stands in 1, 2 or 3 registers (45, 35, 20 %); per  records (person, and
                       record: name variant 12 %, changed phone 25 %, no phone     which defects)
                       10 %, no e-mail 15 %, wrong birthday 3 %, address short 20 %
identities             name, sex, birthday, telephone, mail and address of each    identities
                       person as they truly are
leads                  1.2 prospects per five customers in the last year; 17       leads, with reveals_intent
                       methods with a yield and a cost of their own; some notes
                       of 潜在 ones show an intent
attitudes              latent satisfaction shifted by age, sex and register;       attitudes, of all persons,
                       trust and loyalty share part of it; who answers depends     asked or not
                       on the same three, so respondents are a biased sample
survey                 items = loading × latent + noise, one of four reversed;     survey (latent, straight_liner,
                       straight-liners, speeders; gaps of importance and           speeder, Kano classes, topic
                       performance; Kano classes by feature; felt waits            and sentiment of the comment)
                       shorter for the satisfied; comments of topic × sentiment
experience             scores around a quality of touchpoint × attribute, own      experience, mentions (word,
                       staff 0.7 too kind; stories of coded words                  code, level, polarity)
population             sex × age × region of all persons on the last day           population itself
prices                 moments at which several visitors are asked a price for     price_quotes (fair price,
                       one article; the web shop asks known customers 6 % more,    surcharge)
                       which ``surcharge=0`` takes away; offers, price tests,
                       members' prices, coupons besides
consents               to four purposes, given with the first order, some          consents itself
                       withdrawn, a few given again
defects                of the files only, at least one of each kind                defects (`_defects` lists the
                                                                                   kinds)
families               2 to 4 persons share an address, some a telephone           persons.household_id
=====================  ==========================================================  =======================

``customer_id`` in orders, contacts, reviews, campaigns, wallet, touches and
investments is the record number of the person's home register; a person's
further records have no orders.  Clicks carry the web record's number.  So the
tables join to ``customers.record_id`` as they are, and only linking the
records finds the person behind several of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from crm_lib._checks import require_range
from crm_lib.errors import ParameterError
from crm_lib.sample import (
    _attitudes,
    _campaigns,
    _catalogue,
    _census,
    _consents,
    _experience,
    _orders,
    _persons,
    _prices,
    _prospects,
    _reactions,
    _registers,
    _spending,
    _survey,
    _web,
)
from crm_lib.sample._draws import Draws
from crm_lib.sample._laws import Company, write_laws
from crm_lib.sample._purchases import draw_lines, draw_orders
from crm_lib.sample._writing import TableFolder
from crm_lib.sample.student_files import write_files

if TYPE_CHECKING:
    import numpy as np

VERSION = 3
# names the random numbers; stays, so that a new table leaves every older one as it was
STREAM = 1
SMALLEST, LARGEST = 500, 10_000_000
CHUNK = 20_000

Progress = Callable[[str, int, int], None]


def make_company(
    customers: int,
    *,
    seed: int,
    out: str | Path,
    files: bool | None = None,
    progress: Progress | None = None,
    surcharge: float | None = None,
) -> dict[str, int]:
    """Generate the company 旭东 as Parquet files, and the truth beside them.

    Parameters
    ----------
    customers : int
        Number of persons, 500 to 10,000,000.  They have 1.75 register records each in the mean.
    seed : int
        Integer >= 0.  The same seed, size and version give the same data.
    out : path
        New or empty folder.  The tables go to ``out/data``, the truth to ``out/truth``.
    files : bool, optional
        Also write ``out/files``: the same tables as CSV and Excel files with the
        defects of real exports (`crm_lib.sample.student_files`).  By default
        up to 20,000 customers, since a sheet of Excel ends at a million rows.
    progress : callable, optional
        Called as ``progress(step, done, total)`` after each chunk of customers.
    surcharge : float, optional
        Share, 0 to 1, that the web shop asks of known customers in ``price_quotes``
        beyond the fair price; by default the planted one, 0 for an innocent company.
        No other table depends on it.

    Returns
    -------
    dict
        Rows written per table; tables of the truth are called ``truth/…``.

    Raises
    ------
    ParameterError
        A number is out of range, or the folder already holds something.

    Notes
    -----
    Each number is a pure function of seed, name and person
    (`crm_lib.sample._draws`), so nothing depends on the order of work, and
    memory is bounded by one chunk of 20,000 persons.  The disputable choice:
    orders know no season and no trend, because the models that are to recover
    the rates assume none.  A person may leave after the first order already
    (MBG/NBD, Batislam, Denizel and Filiztekin 2007), which BG/NBD excludes:
    without it nobody who bought once would ever have left.
    """
    out = _check_request("make_company", customers, seed, out)
    require_range("make_company", "surcharge", surcharge or 0.0, 0, 1)
    company = Company(customers, Draws(seed, STREAM), surcharge)
    with TableFolder(out / "data") as data, TableFolder(out / "truth") as truth:
        data.write("products", _catalogue.list_products(company))
        data.write("campaigns", _campaigns.list_campaigns(company))
        data.write("survey_items", _survey.list_items(company))
        steps = (
            ("customers", _write_records),
            ("clicks", _write_clicks),
            ("orders", _write_persons),
            ("opinions", _write_opinions),
        )
        for name, write in steps:
            for done in write(company, data, truth):
                if progress:
                    progress(name, done, 3 * customers if name == "customers" else customers)
    about = {"version": VERSION, "seed": seed, "customers": customers}
    about |= {} if surcharge is None else {"surcharge": surcharge}
    (out / "truth" / "laws.json").write_text(write_laws(about), encoding="utf-8", newline="\n")
    if customers <= CHUNK if files is None else files:
        write_files(out, seed=seed)
    return data.n_rows | {f"truth/{name}": n for name, n in truth.n_rows.items()}


def make_registers(customers: int, *, seed: int, out: str | Path) -> dict[str, int]:
    """Generate the three registers of 旭东 alone, and who is who in them: fast enough for millions.

    Parameters
    ----------
    customers : int
        Number of persons, 500 to 10,000,000; 571,400 of them have about a million records.
    seed : int
        Integer >= 0.
    out : path
        New or empty folder: ``data/customers.parquet`` and ``truth/records.parquet``.

    Returns
    -------
    dict
        Rows written: customers, truth/records.

    Raises
    ------
    ParameterError
        A number is out of range, or the folder already holds something.

    Notes
    -----
    The same rows as `make_company` writes with the same size and seed.
    """
    out = _check_request("make_registers", customers, seed, out)
    company = Company(customers, Draws(seed, STREAM))
    with TableFolder(out / "data") as data, TableFolder(out / "truth") as truth:
        for _ in _write_records(company, data, truth):
            pass
    return data.n_rows | {f"truth/{name}": n for name, n in truth.n_rows.items()}


def _check_request(where: str, customers: int, seed: int, out: str | Path) -> Path:
    require_range(where, "customers", customers, SMALLEST, LARGEST)
    require_range(where, "seed", seed, 0)
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ParameterError(
            f"{where}: out must be a new or empty folder; {str(out)!r} is not. Name another folder."
        )
    return out


def split_places(n: int) -> Iterator[np.ndarray]:
    """Yield the places of the persons, chunk by chunk."""
    import numpy as np

    for start in range(0, n, CHUNK):
        yield np.arange(start, min(start + CHUNK, n))


def _write_records(company: Company, data: TableFolder, truth: TableFolder) -> Iterator[int]:
    for register in range(3):
        for numbers in split_places(company.size):
            shown, planted = _registers.make_records(company, register, numbers)
            data.write("customers", shown)
            truth.write("records", planted)
            yield register * company.size + int(numbers[-1]) + 1


def _write_clicks(company: Company, data: TableFolder, truth: TableFolder) -> Iterator[int]:
    for numbers in split_places(company.size):
        data.write("clicks", _web.make_clicks(company, numbers))
        yield int(numbers[-1]) + 1


def _write_persons(company: Company, data: TableFolder, truth: TableFolder) -> Iterator[int]:
    for places in split_places(company.size):
        # a random order of persons: families and neighbours do not stand together in any file
        person = company.draws.permute("file", places, company.size)
        latent = _persons.draw_latent(company, person)
        names = _persons.name_records(company, person, _persons.draw_registers(company, latent)[1])
        orders = draw_orders(company, latent)
        lines = draw_lines(company, latent, orders)
        data.write("orders", _orders.make_orders(company, latent, orders, lines, names))
        data.write("contacts", _reactions.make_contacts(company, latent, orders, names))
        _write_pair("reviews", _reactions.make_reviews(company, latent, orders, lines, names), data, truth)
        members = _campaigns.make_members(company, latent, orders, lines, names)
        _write_pair("campaign_members", members, data, truth)
        _write_pair("touches", _web.make_touches(company, person, names), data, truth)
        data.write("wallet", _spending.make_wallet(company, latent, orders, lines, names))
        data.write("investments", _spending.make_investments(company, latent, names, members[0]))
        data.write("consents", _consents.make_consents(company, latent, names))
        _write_pair("price_quotes", _prices.list_quotes(company, places), data, truth)
        truth.write("persons", _orders.tell_persons(company, latent, orders, names))
        _write_pair(
            "leads", _prospects.make_leads(company, latent, orders, lines, names, places), data, truth
        )
        yield int(places[-1]) + 1


def _write_opinions(company: Company, data: TableFolder, truth: TableFolder) -> Iterator[int]:
    import numpy as np

    counts: np.ndarray | int = 0
    for places in split_places(company.size):
        person = company.draws.permute("opinions", places, company.size)
        latent = _persons.draw_latent(company, person)
        strata = _census.find_strata(company, latent)
        counts = counts + _census.count_strata(strata)
        names = _persons.name_records(company, person, strata.home)
        attitudes = _attitudes.draw_attitudes(company, latent, strata)
        _write_pair("survey", _survey.make_survey(company, latent, strata, attitudes, names), data, truth)
        truth.write("attitudes", _attitudes.tell_attitudes(company, attitudes, strata, names))
        truth.write("identities", _census.tell_identities(company, latent))
        shown, planted, mentions = _experience.make_experience(company, places)
        _write_pair("experience", (shown, planted), data, truth)
        truth.write("mentions", mentions)
        yield int(places[-1]) + 1
    data.write("population", _census.list_population(np.asarray(counts)))


def _write_pair(name: str, pair: tuple, data: TableFolder, truth: TableFolder) -> None:
    data.write(name, pair[0])
    truth.write(name, pair[1])
