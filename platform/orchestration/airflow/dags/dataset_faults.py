"""No DAG: Airflow's import error of this file names the dataset files that can't be used.

Airflow stops every DAG of a file that has an import error, so it is not raised where the sound datasets' DAGs are made.
"""

from __future__ import annotations

from onering import dataset as datasets

if faults := datasets.load_all()[1]:
    raise datasets.DatasetError("\n".join(str(fault) for fault in faults))
