"""The flow of a dataset from its source to Gold, as functions that tasks call. Needs no Airflow but where it says so."""
