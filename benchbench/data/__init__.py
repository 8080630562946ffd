"""Workshop of the data: rows to examples, examples to text, text to tokens, and reports of what was lost on the way."""
