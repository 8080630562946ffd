"""Stage kind `sft`: supervised fine-tuning."""
