// The page of `hatch-lambda-zip report`: what it shows is in #data, as `report --json` prints it. All
// text of zips goes through `text`, and none of it becomes HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const count = data.zips.length;
const isChange = count === 2;
const hasCompressed = data.zips.every((zip) => zip.sha256 !== null);
const state = {
  zip: count - 1, measure: "bytes", query: "", path: [], rows: "folders",
  column: isChange ? "difference" : "bytes", isAscending: false,
};

const MEASURES = { bytes: "unzipped", compressed_bytes: "compressed" };
const ROWS = { folders: "folders", files: "all files" };
const KINDS = { python: "Python", bytecode: "bytecode", native: "native code", metadata: "metadata", other: "data" };
const STATUSES = { added: "added", removed: "removed", changed: "changed", same: "the same" };
const LIMITS = { unzipped: "Unzipped, layers included", "direct-upload": "Zipped, for an upload without S3" };
const MAX_ROWS = 500;
const natives = new Set(data.zips.flatMap((zip) => zip.native.map((library) => library.path)));
const versions = data.zips.map((zip) => new Map(zip.distributions.map((it) => [it.name, it.version])));

// Words and numbers, as `inspect` writes them

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const text = (value) => String(value).replace(CONTROL, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);

function size(bytes) {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} bytes`;
}

const number = (value) => value.toLocaleString("en");
const plural = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
const signed = (bytes) => (bytes === 0 ? "±0" : (bytes > 0 ? "+" : "−") + size(Math.abs(bytes)));
const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}%` : "0.0%");
const fileName = (path) => text(path.split("/").filter(Boolean).pop() || path);
const owner = (distribution) => (distribution === null ? "(own files)" : text(distribution));

function version(distribution) {
  const found = versions.map((known) => known.get(distribution));
  if (!isChange) return found[state.zip] || "";
  return [...new Set(found.filter(Boolean))].join(" → ");
}

// Elements

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const fill = (id, ...children) => byId(id).replaceChildren(...children);

function button(key, label, action, properties = {}) {
  const made = element("button", { type: "button", onclick: action, ...properties }, ...[label].flat());
  made.dataset.key = key;
  return made;
}

function choice(id, name, options) {
  for (const [value, label] of options) {
    const input = element("input", { type: "radio", name, value, checked: String(state[name]) === String(value) });
    input.addEventListener("change", () => update({ [name]: value }));
    byId(id).append(element("label", {}, input, element("span", {}, label)));
  }
}

// The tree: distributions, their directories, files

function kindOf(path) {
  if (natives.has(path)) return "native";
  if (path.includes(".dist-info/")) return "metadata";
  if (path.endsWith(".pyc")) return "bytecode";
  return /\.pyi?$/.test(path) ? "python" : "other";
}

function statusOf(file) {
  if (file.zips[0] === null) return "added";
  if (file.zips[1] === null) return "removed";
  return file.changed ? "changed" : "same";
}

const sizeIn = (file, zip, measure) => (file.zips[zip] && file.zips[zip][measure]) || 0;

function directory(name, distribution) {
  return { name, distribution, inner: new Map(), children: [], files: [] };
}

function treeOf(files) {
  const root = directory("", null);
  for (const file of files) {
    let node = root;
    root.files.push(file);
    for (const part of [owner(file.distribution), ...file.path.split("/").slice(0, -1).map(text)]) {
      if (!node.inner.has(part)) {
        const made = directory(part, file.distribution);
        node.inner.set(part, made);
        node.children.push(made);
      }
      node = node.inner.get(part);
      node.files.push(file);
    }
    node.children.push({ name: fileName(file.path), distribution: file.distribution, file, files: [file] });
  }
  root.children.forEach((top) => top.children.forEach(merge));
  measure(root);
  return root;
}

// Directories that have nothing but another directory are one with it.
function merge(node) {
  while (node.children && node.children.length === 1 && node.children[0].children) {
    const [only] = node.children;
    node.name += `/${only.name}`;
    node.children = only.children;
  }
  (node.children || []).forEach(merge);
}

function measure(node) {
  (node.children || []).forEach(measure);
  node.total = (zip, kind) => node.files.reduce((sum, file) => sum + sizeIn(file, zip, kind), 0);
  node.value = node.total(state.zip, state.measure);
}

const matches = (file, words) => {
  const where = `${file.path} ${owner(file.distribution)}`.toLowerCase();
  return words.every((word) => where.includes(word));
};

// What is shown

let root; // of the files that are searched for
let focus; // the node that the map shows
let tiles = []; // its tiles

const whole = () => data.files.reduce((sum, file) => sum + sizeIn(file, state.zip, state.measure), 0);
const labelOf = (node) => (node.file ? text(node.file.path) : node.name);

function statusText(node) {
  const counts = {};
  for (const file of node.files) counts[statusOf(file)] = (counts[statusOf(file)] || 0) + 1;
  if (node.file) return STATUSES[statusOf(node.file)];
  const found = ["added", "removed", "changed"].filter((status) => counts[status]);
  return found.map((status) => `${number(counts[status])} ${status}`).join(", ") || STATUSES.same;
}

function described(node) {
  const parts = [labelOf(node)];
  if (node.file || root.children.includes(node)) {
    const known = version(node.distribution);
    const whose = known ? `${owner(node.distribution)} ${text(known)}` : owner(node.distribution);
    if (node.file) parts.push(whose);
    else parts[0] = whose;
  }
  if (!node.file) parts.push(plural(node.files.filter((file) => file.zips[state.zip]).length, "file"));
  parts.push(`${size(node.total(state.zip, "bytes"))} unzipped`);
  if (hasCompressed) parts.push(`${size(node.total(state.zip, "compressed_bytes"))} compressed`);
  parts.push(percent(node.value, whole()));
  if (isChange) {
    const difference = node.total(1, state.measure) - node.total(0, state.measure);
    parts.push(`${statusText(node)}${difference ? `, ${signed(difference)}` : ""}`);
  }
  return parts.join(" · ");
}

function showHead() {
  const zip = data.zips[state.zip];
  const runtime = zip.runtime.names.join(" or ") || "unknown runtime";
  const architecture = zip.architecture.names.join(" and ") || "any architecture";
  const facts = [`${zip.kind} for ${runtime} on ${architecture}`, plural(zip.files, "file")];
  if (zip.handler.names.length) facts.push(`handler ${text(zip.handler.names[0])}`);
  document.title = isChange ? data.zips.map((it) => fileName(it.path)).join(" → ") : fileName(zip.path);
  fill("title", document.title);
  fill("facts", facts.join(" · "));
  fill("hash", zip.sha256_base64 === null ? "" : element("code", { title: "the SHA-256 in base64, Lambda's CodeSha256" }, zip.sha256_base64));
  fill("limits", ...zip.limits.map((limit) => {
    const part = limit.bytes / limit.limit;
    const before = isChange && data.zips[0].limits.find((it) => it.name === limit.name);
    const change = before && before.bytes !== limit.bytes && state.zip === 1 ? ` (${signed(limit.bytes - before.bytes)})` : "";
    const bar = element("span", { className: "fill" });
    bar.style.width = `${Math.min(100 * part, 100)}%`;
    return element("div", { className: limit.crossed ? "limit crossed" : "limit" },
      element("p", {}, element("strong", {}, size(limit.bytes) + change),
        ` ${percent(limit.bytes, limit.limit)} of ${size(limit.limit)}${limit.crossed ? ", too much" : ""}`),
      element("span", { className: "bar" }, bar),
      element("p", { className: "quiet" }, LIMITS[limit.name]));
  }));
}

function showChange() {
  if (!isChange) return;
  const all = { files: data.files };
  const [before, after] = data.zips;
  const sizes = `unzipped ${signed(after.unzipped_bytes - before.unzipped_bytes)}`;
  fill("change", element("strong", {}, text(data.verdict)), ` Files: ${statusText(all)} · ${sizes}`);
  byId("change").hidden = false;
}

function showPath() {
  const steps = [["all files", []], ...state.path.map((name, index) => [name, state.path.slice(0, index + 1)])];
  fill("path", ...steps.map(([name, path], index) =>
    button(`path ${index}`, name, () => update({ path }), { disabled: index === steps.length - 1 })));
}

function place(made, box) {
  Object.assign(made.style, {
    left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px`,
  });
  return made;
}

// Tiles are only drawn; what is on them, and is clicked and focused, are buttons.
function drawn({ node, box, isNamed, tiles: inner }) {
  const kind = node.children ? "directory" : isChange ? statusOf(node.file) : kindOf(node.file.path);
  const isTop = focus.children.includes(node);
  const known = node.children && root.children.includes(node) ? ` ${text(version(node.distribution))}` : "";
  const name = isNamed ? [element("span", { className: "name" }, node.name + known)] : [];
  const made = place(element("div", { className: `tile ${kind}${isTop ? " top" : ""}` }, ...name), box);
  return [made, ...inner.flatMap(drawn)];
}

function showMap() {
  const map = byId("map");
  tiles = layOut(focus, { x: 0, y: 0, width: map.clientWidth, height: map.clientHeight });
  fill("tiles", ...tiles.flatMap(drawn));
  fill("buttons", ...tiles.map(({ node, box }, index) => {
    const made = place(button(`tile ${labelOf(node)}`, "", () => zoomIn(node)), box);
    made.tabIndex = index === 0 ? 0 : -1;
    made.setAttribute("aria-label", described(node));
    made.onfocus = () => fill("detail", described(node));
    return made;
  }));
  if (!tiles.length) fill("buttons", element("p", { className: "empty" }, "Nothing here has a size."));
}

const COLUMNS = {
  name: { label: "Name", of: (node) => labelOf(node).toLowerCase(), isText: true },
  change: { label: "Change", of: statusText, isText: true },
  files: { label: "Files", of: (node) => node.files.filter((file) => file.zips[state.zip]).length, show: number, isMinor: true },
  bytes: { label: "Unzipped", of: (node) => node.total(state.zip, "bytes"), show: size },
  compressed_bytes: { label: "Compressed", of: (node) => node.total(state.zip, "compressed_bytes"), show: size, isMinor: true },
  share: { label: "Share", of: (node) => node.value, show: (value) => percent(value, whole()) },
  before: { label: "Before", of: (node) => node.total(0, state.measure), show: size, isMinor: true },
  after: { label: "After", of: (node) => node.total(1, state.measure), show: size, isMinor: true },
  difference: { label: "Difference", of: (node) => node.total(1, state.measure) - node.total(0, state.measure), show: signed },
};

function columns() {
  if (isChange) return ["name", "change", "before", "after", "difference"];
  return ["name", "files", "bytes", ...(hasCompressed ? ["compressed_bytes"] : []), "share"];
}

function sorted(nodes) {
  const { of, isText } = COLUMNS[state.column];
  const isDifference = state.column === "difference" && !state.isAscending;
  // By its amount; what changed without a change of size comes before what is the same.
  const key = (node) => (isDifference ? Math.abs(of(node)) + (statusText(node) === STATUSES.same ? 0 : 0.5) : of(node));
  const keyed = nodes.map((node) => [key(node), node]);
  keyed.sort(([a], [b]) => (isText ? (a < b ? -1 : a > b ? 1 : 0) : a - b) * (state.isAscending ? 1 : -1));
  return keyed.map(([, node]) => node);
}

function showTable() {
  const all = state.rows === "files" ? leaves(focus) : focus.children;
  const nodes = isChange ? all : all.filter((node) => node.files.some((file) => file.zips[state.zip]));
  const shown = sorted(nodes).slice(0, MAX_ROWS);
  const head = columns().map((name) => {
    const { label, isText, isMinor } = COLUMNS[name];
    const isSorted = state.column === name;
    const cell = element("th", { scope: "col", className: `${isText ? "" : "number"} ${isMinor ? "minor" : ""}` },
      button(`sort ${name}`, label, () => update({ column: name, isAscending: isSorted ? !state.isAscending : Boolean(isText) })));
    if (isSorted) cell.setAttribute("aria-sort", state.isAscending ? "ascending" : "descending");
    return cell;
  });
  const rows = shown.map((node) => element("tr", {}, ...columns().map((name) => {
    const { of, show, isText, isMinor } = COLUMNS[name];
    if (name === "name") {
      const known = !node.file && root.children.includes(node) ? version(node.distribution) : "";
      const label = node.children
        ? button(`row ${labelOf(node)}`, labelOf(node), () => update({ path: [...state.path, node.name] }))
        : labelOf(node);
      return element("th", { scope: "row" }, label, known ? element("span", { className: "quiet" }, ` ${text(known)}`) : "");
    }
    return element("td", { className: `${isText ? "" : "number"} ${isMinor ? "minor" : ""}` }, (show || String)(of(node)));
  })));
  fill("table", element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  fill("more", nodes.length > shown.length ? `and ${plural(nodes.length - shown.length, "other")}; search to find them` : "");
}

const leaves = (node) => (node.children ? node.children.flatMap(leaves) : [node]);

function showFindings() {
  const zip = data.zips[state.zip];
  const parts = [];
  if (zip.deviations.length) {
    parts.push(element("details", {}, element("summary", {}, `Not canonical, in ${plural(zip.deviations.length, "way")}`),
      element("ul", {}, ...zip.deviations.map((it) => element("li", {}, text(it.sentence))))));
  }
  if (zip.native.length) {
    const oldest = zip.oldest_runtime ? `, from ${zip.oldest_runtime} on` : ", which no runtime loads all";
    parts.push(element("details", {}, element("summary", {}, `${plural(zip.native.length, "native file")}${oldest}`),
      element("ul", {}, ...zip.native.map((it) =>
        element("li", {}, `${text(it.path)} · ${it.machine} · ${it.glibc ? `glibc ${it.glibc}` : "no glibc"}`)))));
  }
  fill("findings", ...parts);
}

// What is done

function zoomIn(node) {
  if (node.children) update({ path: [...state.path, node.name] }, "tile");
  else fill("detail", described(node));
}

function zoomOut() {
  if (!state.path.length) return;
  const left = state.path[state.path.length - 1];
  update({ path: state.path.slice(0, -1) }, `tile ${left}`);
}

// Take over a change, show it, and keep the focus where it was, or put it on a tile of the map.
function update(change, wanted = "") {
  Object.assign(state, change);
  state.zip = Number(state.zip);
  const active = document.activeElement;
  const key = (active && active.dataset.key) || "";
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = data.files.filter((file) => matches(file, words));
  root = treeOf(found);
  focus = root;
  const path = [];
  for (const name of state.path) {
    const next = focus.children.find((node) => node.children && node.name === name);
    if (!next) break;
    focus = next;
    path.push(name);
  }
  state.path = path;
  showHead();
  showPath();
  showMap();
  showTable();
  showFindings();
  const shown = found.filter((file) => file.zips[state.zip]).length;
  fill("count", words.length ? `${plural(shown, "file")} found, ${size(root.value)}` : "");
  fill("detail", described(focus === root ? { ...root, name: "all files" } : focus));
  const keyed = [...document.querySelectorAll("[data-key]")];
  const next = keyed.find((it) => it.dataset.key === (wanted || key)) || (wanted || key) && byId("map").querySelector("button");
  if (next && (wanted || key)) next.focus();
}

byId("query").addEventListener("input", (event) => update({ query: event.target.value }));
byId("map").addEventListener("pointermove", (event) => {
  const box = byId("map").getBoundingClientRect();
  const found = tileAt(tiles, event.clientX - box.left, event.clientY - box.top);
  if (found) fill("detail", described(found.node));
});
byId("map").addEventListener("keydown", (event) => {
  const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const buttons = [...byId("map").querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  if (directions[event.key] && at >= 0) {
    event.preventDefault();
    const to = buttons[tiles.indexOf(neighbour(tiles, tiles[at], directions[event.key]))];
    buttons.forEach((it) => { it.tabIndex = it === to ? 0 : -1; });
    to.focus();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target !== byId("query")) zoomOut();
});
new ResizeObserver(() => showMap()).observe(byId("map"));

byId("zips").hidden = count === 1;
choice("zips", "zip", data.zips.map((zip, index) => [index, isChange ? ["before", "after"][index] : fileName(zip.path)]));
choice("measures", "measure", Object.entries(MEASURES).slice(0, hasCompressed ? 2 : 1));
choice("rows", "rows", Object.entries(ROWS));
fill("legend", ...Object.entries(isChange ? STATUSES : KINDS).map(([kind, label]) =>
  element("li", {}, element("span", { className: `swatch ${kind}` }), label)));
fill("footer", `Made by ${data.tool}. The numbers are those of its command inspect; 1 MB is 1,000,000 bytes.`);
update({});
showChange();
