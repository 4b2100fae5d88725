"""Evaluate one expectation that holds and one that doesn't. usage: check.py VERSION"""

import logging
import sys


def check(version: str) -> str:
    """What is wrong, or nothing."""
    import great_expectations as gx
    import pandas as pd

    if gx.__version__ != version:
        return f"Great Expectations is {gx.__version__}, not {version}"
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("verify").add_dataframe_asset("numbers")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
        {"dataframe": pd.DataFrame({"number": [1, 2, 3]})}
    )
    between = gx.expectations.ExpectColumnValuesToBeBetween
    holds = batch.validate(between(column="number", min_value=1, max_value=3)).success
    fails = batch.validate(between(column="number", min_value=2, max_value=3)).success
    return "" if holds and not fails else f"expected true and false, got {holds} and {fails}"


if __name__ == "__main__":
    logging.disable(logging.INFO)  # importing it says hundreds of lines
    sys.exit(check(sys.argv[1]) or 0)
