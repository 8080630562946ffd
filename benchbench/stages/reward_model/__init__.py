"""Stage kind `reward_model`: a scalar head trained on pairs."""
