"""From two sets of responses and a judge to verdict rows; no torch of its own."""
