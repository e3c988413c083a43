"""Shows results: sections of text, tables and figures, and their HTML on pages and in notebooks."""
