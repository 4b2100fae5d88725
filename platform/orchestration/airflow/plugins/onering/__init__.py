"""The flow of a dataset from its source to Gold, as functions that tasks call."""
