"""Sample and real data that travel with the project.

:func:`path` finds a file by its short name, :func:`list_samples` names them
all, :func:`project_root` finds the folder they live under.
"""

from crm_lib.sample.files import Sample, list_samples, path, project_root

__all__ = ["Sample", "list_samples", "path", "project_root"]
