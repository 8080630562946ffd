"""Workshop of reports: frames, tables, Markdown and figures from comparisons."""
