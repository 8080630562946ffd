"""Stage kind `model_columns`: examples with columns that models made, after the transforms that read them."""
