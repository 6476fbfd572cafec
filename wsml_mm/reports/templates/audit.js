'use strict';
// Data of the page: see _data in reports/audit/review_page.py. Everything is shown by textContent.
const data = JSON.parse(document.getElementById('data').textContent);
const LISTS = ['missing', 'positive', 'negative'];
const STANDS = ['not annotated', 'annotated: present', 'annotated: absent'];
const WORDS = { accept: '✓ accepted', reject: '✕ rejected', unsure: '? unsure' };
const PREFIX = `wsml-audit ${data.fingerprint} `; // before the pair, in the browser's store
const VIEW = `wsml-audit-view ${data.fingerprint} ${data.number}`;
const NAME = 'wsml-audit-annotator';
const at = (id) => document.getElementById(id);
const shown = (text) => text.replace(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
const some = (number, what) => `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;
const short = (value) => (Math.abs(value) < 5e-4 ? value.toExponential(0) : value.toFixed(3));
const keyOf = (image, name) => JSON.stringify([image, name]);

// --- what is kept ----------------------------------------------------------------------------

const memory = new Map(); // where the browser keeps nothing
let kept = true;
try { localStorage.setItem(NAME, localStorage.getItem(NAME) ?? ''); } catch { kept = false; }

function read(key) {
  return kept ? localStorage.getItem(key) : memory.get(key) ?? null;
}

function write(key, value) {
  try {
    if (!kept) memory.set(key, value);
    else if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    say('The browser keeps no more: export the verdicts now.', true);
  }
}

function readJson(key) {
  try { return JSON.parse(read(key)); } catch { return null; }
}

function verdictOf(key) {
  const found = readJson(PREFIX + key);
  return found && WORDS[found[0]] ? found : null;
}

// --- the pairs -------------------------------------------------------------------------------

const items = data.rows.map((row, index) => {
  const [place, name, list, rank, score, probability, mean, first, times, map] = row;
  const [image, uri, width, height, why] = data.images[place];
  const item = { index, image, name, list, rank, score, probability, mean, first, times, map, uri,
    ratio: width / height, why, key: keyOf(image, name) };
  item.card = cardOf(item);
  return item;
});
const pairs = new Map(items.map((item) => [item.key, item]));
let order = []; // as filtered and sorted
let current = null;
const undos = []; // each [[key, value before], ...]

function cardOf(item) {
  const card = at('card').content.firstElementChild.cloneNode(true);
  fill(card, item);
  card.addEventListener('click', (event) => {
    if (!event.target.closest('button')) select(item, true);
  });
  card.querySelector('.choose').addEventListener('click', (event) => choose(event, item));
  return card;
}

// Shows a pair in a card or in the panel.
function fill(box, item) {
  const frame = box.querySelector('.frame');
  const [photo, map] = frame.children;
  frame.style.setProperty('--ratio', item.ratio);
  frame.hidden = !item.uri;
  if (item.uri) photo.src = item.uri; else photo.removeAttribute('src');
  photo.alt = `photograph ${shown(item.image)}`;
  map.hidden = !item.map;
  if (item.map) map.src = item.map; else map.removeAttribute('src');
  const none = box.querySelector('.none');
  none.hidden = Boolean(item.uri);
  none.textContent = `no picture: ${shown(item.why)}`;
  box.querySelector('.class').textContent = shown(item.name);
  box.querySelector('.list').textContent = STANDS[item.list];
  const file = box.querySelector('.file');
  file.textContent = file.title = shown(item.image);
  for (const cell of box.querySelectorAll('[data-fact]')) {
    const value = item[cell.dataset.fact];
    cell.textContent = value === null ? '–' : Number.isInteger(value) ? value : short(value);
  }
}

function mark(box, item) {
  const verdict = verdictOf(item.key)?.[0] ?? '';
  box.dataset.verdict = verdict;
  box.querySelector('.said').textContent = WORDS[verdict] ?? '';
  for (const button of box.querySelectorAll('[data-choose]')) {
    button.setAttribute('aria-pressed', String(button.dataset.choose === verdict));
  }
}

// --- verdicts --------------------------------------------------------------------------------

// Changes verdicts, [[key, verdict or null, annotator], ...], as one step to be undone.
function decide(changes) {
  undos.push(changes.map(([key]) => [key, read(PREFIX + key)]));
  for (const [key, verdict, annotator] of changes) {
    write(PREFIX + key, verdict && JSON.stringify([verdict, annotator]));
  }
  refresh();
}

function judge(item, verdict) {
  if (!item) return;
  decide([[item.key, verdict, at('annotator').value.trim()]]);
  say(`${WORDS[verdict] ?? 'undecided'}: ${shown(item.name)} in ${shown(item.image)}`);
}

// A button pressed again takes its verdict back.
function choose(event, item) {
  const button = event.target.closest('[data-choose]');
  if (!button) return;
  const again = button.getAttribute('aria-pressed') === 'true';
  judge(item, again ? null : button.dataset.choose);
  if (!again && item === current) step(1, false);
  else select(item, false);
}

function undo() {
  const step = undos.pop();
  if (!step) return say('Nothing to undo.');
  for (const [key, value] of step) write(PREFIX + key, value);
  refresh();
  const item = step.length === 1 ? pairs.get(step[0][0]) : null;
  if (item && order.includes(item)) select(item, true);
  say(step.length === 1 ? 'Undone.' : `Undone: ${some(step.length, 'verdict')}.`);
}

function allKept() {
  const keys = kept ? Object.keys(localStorage) : [...memory.keys()];
  return keys.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length))
    .filter(verdictOf).sort();
}

// --- progress --------------------------------------------------------------------------------

function refresh() {
  const none = { pairs: 0, accept: 0, reject: 0, unsure: 0 };
  const all = { ...none };
  const classes = new Map(items.map((item) => [item.name, { ...none }]));
  for (const item of items) {
    mark(item.card, item);
    const verdict = verdictOf(item.key)?.[0];
    for (const count of [all, classes.get(item.name)]) {
      count.pairs += 1;
      if (verdict) count[verdict] += 1;
    }
  }
  if (current) mark(at('panel'), current);
  showProgress(all);
  at('by-class').replaceChildren(...[...classes].sort(([a], [b]) => compare(a, b)).map(classRow));
}

function showProgress(all) {
  const done = all.accept + all.reject + all.unsure;
  const bar = at('bar');
  bar.setAttribute('aria-valuenow', done);
  for (const part of bar.children) part.style.width = `${100 * all[part.className] / all.pairs}%`;
  let text = `${done} of ${some(all.pairs, 'pair')} decided: ${all.accept} accepted, `
    + `${all.reject} rejected, ${all.unsure} unsure`;
  if (data.links.length > 1) text += `; on all pages ${allKept().length} of ${data.pairs}`;
  at('progress').textContent = text;
}

function classRow([name, count]) {
  const row = document.createElement('tr');
  const left = count.pairs - count.accept - count.reject - count.unsure;
  for (const text of [shown(name), count.accept, count.reject, count.unsure, left]) {
    row.appendChild(document.createElement(row.children.length ? 'td' : 'th')).textContent = text;
  }
  row.firstChild.scope = 'row';
  return row;
}

function say(text, urgent = false) {
  at('status').textContent = text;
  at('status').classList.toggle('urgent', urgent);
}

// --- filters, order, place -------------------------------------------------------------------

const compare = new Intl.Collator('en', { numeric: true }).compare;
const SORTS = {
  rank: (a, b) => a.index - b.index,
  score: (a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity),
  high: (a, b) => (b.probability ?? -Infinity) - (a.probability ?? -Infinity),
  low: (a, b) => (a.probability ?? Infinity) - (b.probability ?? Infinity),
  class: (a, b) => compare(a.name, b.name),
  image: (a, b) => compare(a.image, b.image),
};
const FILTERS = ['list', 'class', 'state', 'sort', 'search'];

function show() {
  const want = Object.fromEntries(FILTERS.map((id) => [id, at(id).value]));
  const part = want.search.trim().toLowerCase();
  const by = SORTS[want.sort];
  order = items.filter((item) => (!want.list || LISTS[item.list] === want.list)
    && (!want.class || item.name === JSON.parse(want.class))
    && (!want.state || (verdictOf(item.key)?.[0] ?? 'open') === want.state)
    && item.image.toLowerCase().includes(part));
  order.sort((a, b) => by(a, b) || a.index - b.index); // NaN: both infinite
  at('cards').replaceChildren(...order.map((item) => item.card));
  at('nothing').hidden = order.length > 0;
  at('count').textContent = `${some(order.length, 'pair')} shown`;
  select(order.includes(current) ? current : order.find((item) => !verdictOf(item.key))
    ?? order[0] ?? null, false);
}

function select(item, focus) {
  if (current) {
    current.card.removeAttribute('aria-current');
    current.card.tabIndex = -1;
  }
  current = item;
  at('panel').classList.toggle('empty', !item);
  if (item) {
    item.card.setAttribute('aria-current', 'true');
    item.card.tabIndex = 0;
    fill(at('panel'), item);
    mark(at('panel'), item);
    if (focus) {
      item.card.focus({ preventScroll: true });
      item.card.scrollIntoView({ block: 'nearest' });
    }
  }
  remember();
}

function step(by, focus = true) {
  const next = order[order.indexOf(current) + by];
  if (!next) return;
  select(next, focus);
  next.card.scrollIntoView({ block: 'nearest' });
}

function remember() {
  const view = Object.fromEntries(FILTERS.map((id) => [id, at(id).value]));
  write(VIEW, JSON.stringify({ ...view, current: current?.key ?? '' }));
}

function comeBack() {
  const view = readJson(VIEW) ?? {};
  for (const id of FILTERS) {
    const fits = id === 'search' || [...at(id).options ?? []].some((o) => o.value === view[id]);
    if (typeof view[id] === 'string' && fits) at(id).value = view[id];
  }
  at('annotator').value = read(NAME) ?? '';
  current = pairs.get(view.current) ?? null;
}

// --- files -----------------------------------------------------------------------------------

const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

function exportVerdicts() {
  const keys = allKept();
  const rows = keys.map((key) => {
    const [verdict, annotator] = verdictOf(key);
    return [...JSON.parse(key), verdict, annotator].map(cell).join(',');
  });
  const text = ['image,class,verdict,annotator', ...rows, ''].join('\n');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = `verdicts-${data.fingerprint.replace(/[^\w.-]+/g, '_').slice(0, 40)}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  say(`${some(keys.length, 'verdict')} exported to ${link.download}.`);
}

// Returns the rows of a CSV text, each with the number of its line.
function parseCsv(text) {
  const rows = [];
  let row = [], value = '', quoted = false, line = 1, start = 1;
  const end = () => {
    row.push(value);
    if (row.length > 1 || value) rows.push({ line: start, cells: row });
    [row, value, start] = [[], '', line];
  };
  text = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i];
    if (sign === '\n') line += 1;
    if (quoted && sign === '"' && text[i + 1] === '"') { value += '"'; i += 1; }
    else if (sign === '"' && (quoted || !value)) quoted = !quoted;
    else if (quoted || (sign !== ',' && sign !== '\n')) value += sign;
    else if (sign === ',') { row.push(value); value = ''; }
    else end();
  }
  if (quoted) throw Error(`line ${start}: a quotation mark is not closed`);
  end();
  return rows;
}

// Returns the verdicts of a CSV text by pair; refuses the whole text for one wrong line.
function verdictsOf(text) {
  const [head, ...rows] = parseCsv(text);
  const places = ['image', 'class', 'verdict', 'annotator'].map((n) => head?.cells.indexOf(n) ?? -1);
  if (places.slice(0, 3).includes(-1)) throw Error('it has no columns image, class, verdict');
  const found = new Map();
  for (const { line, cells } of rows) {
    const [image, name, verdict, annotator] = places.map((place) => cells[place] ?? '');
    if (!Object.hasOwn(WORDS, verdict)) {
      throw Error(`line ${line}: verdict “${shown(verdict)}” is none of accept, reject, unsure`);
    }
    const key = keyOf(image, name);
    const before = found.get(key);
    if (before && before.verdict !== verdict) {
      throw Error(`line ${line}: ${shown(image)}, ${shown(name)} has another verdict in line `
        + `${before.line}`);
    }
    found.set(key, { verdict, annotator, line });
  }
  return found;
}

async function importVerdicts(event) {
  const [file] = event.target.files;
  if (!file) return;
  try {
    const found = verdictsOf(await file.text());
    const alone = data.links.length === 1; // else other pages may have the pair
    const mine = [...found].filter(([key]) => !alone || pairs.has(key));
    const changed = mine.filter(([key, now]) => {
      const before = verdictOf(key);
      return before && before[0] !== now.verdict;
    });
    if (mine.length) decide(mine.map(([key, now]) => [key, now.verdict, now.annotator]));
    show();
    const other = [...found.keys()].filter((key) => !pairs.has(key)).length;
    say(`${some(mine.length, 'verdict')} imported from ${shown(file.name)}`
      + `; ${changed.length} replaced another`
      + (other ? `; ${other} not of this page ${alone ? 'left out' : 'kept for the others'}` : ''));
  } catch (error) {
    say(`${shown(file.name)}: nothing imported: ${error.message}.`, true);
  }
  event.target.value = '';
}

// --- input -----------------------------------------------------------------------------------

const KEYS = {
  a: () => { judge(current, 'accept'); step(1); },
  r: () => { judge(current, 'reject'); step(1); },
  u: () => { judge(current, 'unsure'); step(1); },
  z: undo,
  c: () => at('maps')?.click(),
  '/': () => at('search').focus(),
};
for (const key of ['j', 'ArrowRight', 'ArrowDown']) KEYS[key] = () => step(1);
for (const key of ['k', 'ArrowLeft', 'ArrowUp']) KEYS[key] = () => step(-1);

let pointed = false; // the last input was by mouse or finger
document.addEventListener('pointerdown', () => { pointed = true; }, true);
document.addEventListener('keydown', () => { pointed = false; }, true);
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('select, input:not([type=checkbox], [type=file])');
  if (typing) {
    if (['Escape', 'Enter'].includes(event.key) && current) select(current, true);
    return;
  }
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});
for (const id of FILTERS) {
  at(id).addEventListener(id === 'search' ? 'input' : 'change', () => {
    show();
    if (pointed && id !== 'search' && current) select(current, true); // the keys work at once
  });
}
at('annotator').addEventListener('input', () => write(NAME, at('annotator').value.trim()));
at('maps')?.addEventListener('change', () => {
  document.body.classList.toggle('maps', at('maps').checked);
});
at('undo').addEventListener('click', undo);
at('export').addEventListener('click', exportVerdicts);
at('import').addEventListener('change', importVerdicts);
at('panel').addEventListener('click', (event) => choose(event, current));
window.addEventListener('storage', refresh); // another page of the audit

const counts = new Map();
for (const item of items) counts.set(item.name, (counts.get(item.name) ?? 0) + 1);
for (const [name, count] of [...counts].sort(([a], [b]) => compare(a, b))) {
  at('class').add(new Option(`${shown(name)} (${count})`, JSON.stringify(name)));
}
comeBack();
show();
refresh();
document.body.classList.toggle('maps', at('maps')?.checked ?? false);
if (current) current.card.scrollIntoView({ block: 'nearest' });
if (!kept) say('This browser keeps nothing: export the verdicts before you close the page.', true);
