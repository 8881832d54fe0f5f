"""Sample and real data that travel with the project.

:func:`path` finds a file by its short name, :func:`paths` all files behind a
name, :func:`list_samples` names them, :func:`project_root` finds the folder they live under.
:func:`make_company` generates the company 旭东 at any size, with the truth that
was planted beside it, :func:`make_registers` and :func:`make_quotes` a part of it alone;
:func:`assign_types` and :func:`achievable_rand`, :func:`assign_sentiments` and
:func:`implied_alpha` say how well that truth can be told at all.
:func:`make_pages` makes a small web of pages with prospects in it, :func:`make_rivals` records of rivals.
:func:`load_journey` reads a year of a grocer's tills from an optional package.
"""

from crm_lib.sample.achievable import achievable_rand, adjusted_rand, assign_types
from crm_lib.sample.achievable_survey import assign_sentiments, implied_alpha
from crm_lib.sample.files import Sample, list_samples, path, paths, project_root
from crm_lib.sample.journey import JOURNEY, JOURNEY_NOTE, load_journey
from crm_lib.sample.pages import make_pages, write_pages
from crm_lib.sample.quotes import make_quotes
from crm_lib.sample.rivals import make_rivals
from crm_lib.sample.xudong import make_company, make_registers

__all__ = [
    "JOURNEY",
    "JOURNEY_NOTE",
    "Sample",
    "achievable_rand",
    "adjusted_rand",
    "assign_sentiments",
    "assign_types",
    "implied_alpha",
    "list_samples",
    "load_journey",
    "make_company",
    "make_pages",
    "make_quotes",
    "make_registers",
    "make_rivals",
    "path",
    "paths",
    "project_root",
    "write_pages",
]
