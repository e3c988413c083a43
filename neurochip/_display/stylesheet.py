"""The one stylesheet of reports, whether they are a page or shown in a notebook.

All rules begin with the class ``neurochip``, so that they change nothing else on a page that shows
a report among other things. Colours are variables, which dark mode replaces.
"""

from __future__ import annotations

__all__ = ["CELL_STYLE", "PAGE_STYLE", "STYLE"]

_LIGHT = (
    "--ink: #1a1a1a; --quiet: #555; --paper: #fff; --line: #aaa; --faint: #e4e4e4; "
    "--link: #0060a0; --alarm: #d55e00; --alarm-paper: #fdf1e7;"
)
_DARK = (
    "--ink: #e4e4e4; --quiet: #a8a8a8; --paper: #17191c; --line: #777; --faint: #33373c; "
    "--link: #7cc0f0; --alarm: #ff8c3a; --alarm-paper: #38230f;"
)

STYLE = f"""
.neurochip {{ {_LIGHT} color: var(--ink); }}
@media screen and (prefers-color-scheme: dark) {{ .neurochip {{ {_DARK} }} }}
.neurochip h2 {{ font-size: 1.2rem; margin: 2.2rem 0 0.5rem;
  border-bottom: 1px solid var(--line); }}
.neurochip a {{ color: var(--link); }}
.neurochip .warning {{ border-left: 4px solid var(--alarm); background: var(--alarm-paper);
  padding: 0.4rem 0.8rem; }}
.neurochip .wide {{ overflow-x: auto; }}
.neurochip table {{ border-collapse: collapse; font-size: 0.85rem; margin: 0.6rem 0;
  font-variant-numeric: tabular-nums; }}
.neurochip th, .neurochip td {{ text-align: left; vertical-align: top;
  padding: 0.2rem 0.7rem 0.2rem 0; }}
.neurochip thead th {{ border-bottom: 1px solid var(--line); white-space: nowrap; }}
.neurochip tbody tr {{ border-bottom: 1px solid var(--faint); }}
.neurochip tbody th {{ font-weight: normal; color: var(--quiet); }}
.neurochip .n {{ text-align: right; white-space: nowrap; }}
.neurochip .note, .neurochip figcaption, .neurochip footer {{ font-size: 0.85rem;
  color: var(--quiet); }}
.neurochip .dense {{ font-size: 0.75rem; }}
.neurochip .dense th, .neurochip .dense td {{ padding-right: 0.45rem; }}
.neurochip figure {{ margin: 1rem 0; }}
.neurochip img {{ max-width: 100%; height: auto; background: #fff; border-radius: 4px; }}
@media screen and (max-width: 40rem) {{
  .neurochip .wide td:last-child {{ white-space: normal; overflow-wrap: anywhere; }}
  .neurochip .stack, .neurochip .stack tbody, .neurochip .stack tr, .neurochip .stack td {{
    display: block; }}
  .neurochip .stack {{ width: 100%; font-size: 0.85rem; }}
  .neurochip .stack thead {{ display: none; }}
  .neurochip .stack tr {{ padding: 0.4rem 0; }}
  .neurochip .stack td {{ display: flex; justify-content: space-between; gap: 1rem;
    text-align: right; padding: 0.05rem 0; }}
  .neurochip .stack td::before {{ content: attr(data-column); color: var(--quiet);
    text-align: left; flex: 0 0 38%; }}
  .neurochip .stack td:empty {{ display: none; }}
  .neurochip .stack td:first-child {{ font-weight: bold; }}
}}
"""
"""Rules of the content: sections, tables, figures and warnings."""

CELL_STYLE = (
    STYLE
    + """
.neurochip.cell { color: inherit; --quiet: currentColor; --link: currentColor;
  --line: rgba(128, 128, 128, 0.7); --faint: rgba(128, 128, 128, 0.25);
  --alarm-paper: rgba(213, 94, 0, 0.12); }
.cell .lead { margin: 0.3rem 0; overflow-wrap: anywhere; }
.cell .note, .cell figcaption, .cell tbody th { opacity: 0.8; }
.cell summary { cursor: pointer; font-weight: 600; }
.cell p { margin: 0.4rem 0; }
.cell table { margin-left: 0; table-layout: auto; }
.neurochip.cell td, .neurochip.cell th { text-align: left; }
.neurochip.cell .n { text-align: right; }
"""
)
"""The same for the output of a notebook, whose colours it takes, light or dark."""

PAGE_STYLE = (
    """
:root { color-scheme: light dark; }
body { margin: 0; }
.page { font: 16px/1.5 system-ui, sans-serif; background: var(--paper); min-height: 100vh; }
.page > * { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
.page p { max-width: 60rem; }
.page h1 { font-size: 1.6rem; line-height: 1.2; margin: 0; padding: 1.5rem 0 0.5rem;
  overflow-wrap: anywhere; }
.page .lead { font-size: 1.1rem; }
.page nav a { margin-right: 1rem; }
.page footer { margin-top: 3rem; padding-bottom: 1.5rem; overflow-wrap: anywhere; }
.page footer p { border-top: 1px solid var(--line); padding-top: 0.5rem; }
"""
    + STYLE
    + """
@media print {
  .page { font-size: 10pt; }
  .page > * { max-width: none; padding: 0; }
  .page nav { display: none; }
  .page .wide { overflow: visible; }
  .page figure, .page tr { break-inside: avoid; }
  .page h2 { break-after: avoid; }
  .page table { font-size: 7.5pt; }
}
"""
)
"""The same and the layout of a page, for screens, phones and paper."""
