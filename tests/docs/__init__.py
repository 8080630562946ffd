"""Documents: pages that are made from the code, and what every Markdown file promises."""
