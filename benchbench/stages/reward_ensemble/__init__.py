"""Stage kind `reward_ensemble`: mean and spread of several reward models' rewards, as rows and as columns."""
