"""Stage kind `reward`: the reward model's number for every response of a split."""
