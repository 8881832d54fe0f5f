"""Errors and warnings of the library.

Every message follows one order: what · rule · got · way out.  The sentences
are worded in :mod:`crm_lib._checks` and in the rooms that read files; the
classes here only say which kind of fault it is, so that a caller (a notebook,
the command line, the grader) can tell them apart.
"""

from __future__ import annotations


class CrmError(ValueError):
    """A fault the user can mend; its message is one clear sentence."""


class ReadError(CrmError):
    """A file or table cannot be read, or not in one certain way."""


class SchemaError(CrmError):
    """A needed column is missing, or more than one could be meant."""


class DataError(CrmError):
    """The values of a column break the rule of the function they were given to."""


class ParameterError(CrmError):
    """A notebook parameter has an unknown name, a wrong type or is out of range."""


class BuildError(CrmError):
    """A notebook source breaks a rule of the notebook anatomy."""


class RenderError(CrmError):
    """A notebook could not be rendered."""


class MissingPackageError(CrmError):
    """An optional package is needed that is not installed."""


class StoreError(CrmError):
    """The customer database cannot do what was asked, or is not what it should be."""


class ProtectError(CrmError):
    """A key, a sealed value, a right or a rule of protection stands in the way."""


class CrmWarning(UserWarning):
    """Base of all warnings of the library: the result stands, but read this first."""


class ConstantScoreWarning(CrmWarning):
    """A dimension has a single value, so its score cannot separate customers."""


class NoStructureWarning(CrmWarning):
    """The data show no cluster structure; a clustering would be arbitrary."""


class DegenerateFitWarning(CrmWarning):
    """A model's parameters run off or cannot be told from the data; its numbers are no basis for a decision."""


class CorrelatedSpendWarning(CrmWarning):
    """How much is spent goes with how often, which the gamma-gamma model excludes."""
