"""The page of a data set's report, for jinja2; all text from outside is escaped by it."""

from __future__ import annotations

STYLE = """
:root { --ink: #1d2433; --soft: #5c6675; --line: #e3e7ec; --paper: #fff; --wash: #f6f7f9;
  --blue: #0072b2; --orange: #d98200; --red: #b3261e; --green: #00734f; --amber: #8a5a00; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--wash); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial,
  sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 28px 64px; }
h1 { font-size: 27px; line-height: 1.25; margin: 0; letter-spacing: -.01em;
  overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 4px; }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0; }
.note { color: var(--soft); font-size: 13.5px; margin-bottom: 14px; max-width: 78ch; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 22px 24px 24px; margin-top: 20px; }
.verdict { display: inline-block; margin-top: 12px; padding: 3px 12px; border-radius: 99px;
  font-weight: 600; font-size: 14px; background: #e2f3ec; color: var(--green); }
.verdict.bad { background: #fbe6e4; color: var(--red); }
.verdict.fair { background: #fdf1d9; color: var(--amber); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(132px, 1fr)); gap: 12px;
  margin-top: 20px; }
.tile { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 12px 16px; }
.tile b { display: block; font-size: 22px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.fault { border-left: 4px solid var(--orange); padding: 2px 0 2px 14px; margin-top: 18px; }
.fault.serious { border-color: var(--red); }
.count { color: var(--soft); font-weight: 400; }
.fault ul { margin: 4px 0 0; padding: 0; list-style: none; font-size: 14px; }
.fault li { padding: 2px 0; display: flex; flex-wrap: wrap; gap: 0 14px; }
.fault li > span { overflow-wrap: anywhere; }
.fault li .what { flex: 1 1 420px; }
.where { flex: 0 1 auto; min-width: 116px; }
.where { font: 12.5px/1.7 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  color: var(--soft); }
.mend { color: var(--soft); }
summary { cursor: pointer; color: var(--blue); font-size: 13.5px; margin-top: 4px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px;
  font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: 13px; color: var(--soft);
  border-bottom: 1px solid var(--line); padding: 0 12px 6px 0; white-space: nowrap; }
td { border-bottom: 1px solid var(--line); padding: 5px 12px 5px 0; }
tr:last-child td { border-bottom: 0; }
td.name { font-weight: 500; overflow-wrap: anywhere; min-width: 90px; }
td.bar { width: 28%; min-width: 120px; }
td.bar div { display: flex; align-items: center; gap: 8px; }
td.bar i { display: block; height: 12px; border-radius: 2px; min-width: 0; }
td.bar em { font-style: normal; }
.zero { color: var(--red); font-weight: 600; }
.p { background: var(--blue); } .n { background: var(--orange); } .k { background: #8894a5; }
.columns { display: flex; align-items: flex-end; gap: 6px; height: 190px; margin-top: 8px;
  max-width: 760px; }
.columns div { flex: 1 1 0; min-width: 0; max-width: 84px; display: flex; flex-direction: column;
  justify-content: flex-end; height: 100%; text-align: center; font-size: 12.5px; }
.columns i { display: block; background: var(--blue); border-radius: 3px 3px 0 0; }
.columns span { color: var(--soft); border-top: 1px solid #aab3bf; padding-top: 2px; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(290px, 1fr)); gap: 28px;
  margin-top: 18px; }
.beside { display: grid; gap: 28px; align-items: start;
  grid-template-columns: minmax(min(100%, 400px), 560px) minmax(min(100%, 240px), 1fr); }
.beside .two { grid-template-columns: 1fr; margin-top: 0; gap: 22px; }
.number { text-align: right; padding-right: 0; padding-left: 12px; }
.matrix { max-width: 100%; height: auto; display: block; }
.matrix.wide { max-width: none; }
.class { margin-top: 22px; }
.class:first-of-type { margin-top: 8px; }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px;
  margin-top: 8px; align-items: start; }
figure { margin: 0; min-width: 0; }
figure img, figure .none { width: 100%; height: 108px; object-fit: cover; border-radius: 6px;
  display: flex; background: #e9ecef; color: var(--soft); align-items: center;
  justify-content: center; font-size: 13px; }
figure.absent img { outline: 3px solid var(--orange); outline-offset: -3px; }
figcaption { font-size: 12px; line-height: 1.4; margin-top: 4px; }
figcaption .file { color: var(--soft); display: block; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.chip { display: inline-block; border-radius: 4px; padding: 0 5px; margin: 1px 2px 1px 0;
  background: #e0eef7; color: #00527f; max-width: 100%; overflow-wrap: anywhere; }
.chip.not { background: #fbedd6; color: #7a4a00; }
.chip.not::before { content: "not "; }
footer { color: var(--soft); font-size: 13px; margin-top: 24px; }
@media (max-width: 760px) { .beside { grid-template-columns: 1fr; } }
@media (max-width: 640px) { main { padding: 20px 14px 40px; } section { padding: 16px 14px 18px; }
  h1 { font-size: 22px; } .strip { grid-template-columns: repeat(auto-fill, minmax(104px, 1fr)); }
  figure img, figure .none { height: 84px; } .tiles { grid-template-columns: 1fr 1fr; } }
@media print { body { background: #fff; } section, .tile { break-inside: avoid; } }
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
{% macro photo(item, absent=False) %}
<figure{% if absent %} class="absent"{% endif %}>
{% if item.uri %}<img src="{{ item.uri }}" alt="">
{% else %}<div class="none">no picture</div>
{% endif %}
<figcaption><span class="file" title="{{ item.name }}">{{ item.name }}</span>
{% for label in item.positive %}<span class="chip">{{ label }}</span>
{% endfor %}
{% for label in item.negative %}<span class="chip not">{{ label }}</span>
{% endfor %}
{% if item.more %}<span class="mend">+{{ item.more }}</span>
{% endif %}
</figcaption>
</figure>
{% endmacro %}
{% macro strip(items, absent=[]) %}
<div class="strip">
{% for item in items %}{{ photo(item) }}{% endfor %}
{% for item in absent %}{{ photo(item, True) }}{% endfor %}
</div>
{% endmacro %}
{% macro lines(faults) %}
<ul>
{% for fault in faults %}
<li><span class="where">{{ fault.where }}</span>
<span class="what">{{ fault.what }}<span class="mend">; {{ fault.mend }}</span></span></li>
{% endfor %}
</ul>
{% endmacro %}
{% macro bar(item) %}
<td class="bar"><div><i class="{{ item.kind }}" style="width: {{ item.width }}%"></i>
<em{% if item.zero %} class="zero"{% endif %}>{{ item.text }}</em></div></td>
{% endmacro %}
<main>
<header>
<h1>{{ title }}</h1>
<span class="verdict {{ verdict.kind }}">{{ verdict.text }}</span>
</header>
<div class="tiles">
{% for tile in tiles %}
<div class="tile"><b>{{ tile.value }}</b><span>{{ tile.name }}</span></div>
{% endfor %}
</div>

<section id="findings">
<h2>Findings</h2>
<p class="note">
{% if findings %}Red: a training stops at it, or learns from wrong labels. Orange: worth a look.
{% else %}Nothing to report.
{% endif %}
{{ unseen }}</p>
{% for finding in findings %}
<div class="fault{% if finding.serious %} serious{% endif %}"
  data-kind="{{ finding.kind }}" data-count="{{ finding.number }}">
<h3>{{ finding.kind }} <span class="count">{{ finding.count }}</span></h3>
{{ lines(finding.first) }}
{% if finding.subjects %}<p class="mend">Most often: {{ finding.subjects }}</p>
{% endif %}
{% if finding.more %}
<details><summary>{{ finding.more | length }} more</summary>{{ lines(finding.more) }}</details>
{% endif %}
{% if finding.left %}<p class="mend">and {{ finding.left }} that are not listed here</p>
{% endif %}
{% if finding.photos %}{{ strip(finding.photos) }}{% endif %}
</div>
{% endfor %}
</section>

{% if images %}
<section id="classes">
<h2>Classes</h2>
<p class="note">{{ class_note }}</p>
<div class="scroll"><table>
<thead><tr><th>class</th><th>positive</th><th>known negative</th><th>known</th></tr>
</thead>
<tbody>
{% for row in classes %}
<tr><td class="name">{{ row.name }}</td>{% for item in row.bars %}{{ bar(item) }}{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
</section>

<section id="labels">
<h2>Positive labels an image</h2>
<p class="note">{{ histogram_note }}</p>
<div class="columns">
{% for column in histogram %}
<div>{{ column.count }}<i style="height: {{ column.height }}%"></i><span>{{ column.labels }}</span>
</div>
{% endfor %}
</div>
</section>

{% endif %}
{% if matrix %}
<section id="together">
<h2>Classes that come together</h2>
<p class="note">{{ matrix_note }}</p>
<div{% if not matrix_width %} class="beside"{% endif %}>
<div class="scroll"><img src="{{ matrix }}" class="matrix
{%- if matrix_width %} wide" width="{{ matrix_width }}"{% else %}"{% endif %}

  alt="Matrix: share of the row's images that have the column's class as well"></div>
<div class="two">
{% for head, pairs in pair_tables %}
<div><h3>{{ head }}</h3>
<table><thead><tr><th>classes</th><th class="number">images</th>
<th class="number">lift</th></tr></thead><tbody>
{% for pair in pairs %}
<tr><td class="name">{{ pair.names }}</td><td class="number">{{ pair.images }}</td>
<td class="number">{{ pair.lift }}</td></tr>
{% endfor %}
</tbody></table></div>
{% endfor %}
</div>
</div>
</section>
{% endif %}

{% if examples %}
<section id="examples">
<h2>Examples</h2>
<p class="note">{{ example_note }}</p>
{% for group in examples %}
<div class="class"><h3>{{ group.name }} <span class="count">{{ group.count }}</span></h3>
{{ strip(group.positive, group.negative) }}
</div>
{% endfor %}
</section>
{% endif %}
<footer>{{ footer }}</footer>
</main>
</body>
</html>
"""
