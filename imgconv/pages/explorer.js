"use strict";
// What this computes is what imgconv computes: exact sums of whole numbers, rounded once.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const { rows, columns, channels, low, high } = data;
const bytes = Uint8Array.from(atob(data.pixels), (c) => c.charCodeAt(0));
const pixels = { u8: Uint8Array, u16: Uint16Array, i16: Int16Array }[data.depth];
const image = new pixels(bytes.buffer);
const state = { at: [0, 0], ...data.settings, kernel: null };
let output = null;

// ---- exact numbers: a fraction is [numerator, denominator], both BigInt ----------------------

function gcd(a, b) {
  while (b) [a, b] = [b, a % b];
  return a < 0n ? -a : a;
}
function fraction(n, d) {
  const common = gcd(n, d) || 1n;
  return d < 0n ? [-n / common, -d / common] : [n / common, d / common];
}
function parse(text) {
  const match = /^\s*([+-]?)(\d{1,40})(?:\/(\d{1,40})|\.(\d{0,40}))?\s*$/.exec(text);
  if (!match) return null;
  const sign = match[1] === "-" ? -1n : 1n;
  if (match[3] !== undefined) {
    return BigInt(match[3]) ? fraction(sign * BigInt(match[2]), BigInt(match[3])) : null;
  }
  const decimals = match[4] || "";
  return fraction(sign * BigInt(match[2] + decimals), 10n ** BigInt(decimals.length));
}
const times = (a, b) => fraction(a[0] * b[0], a[1] * b[1]);
const plus = (a, b) => fraction(a[0] * b[1] + b[0] * a[1], a[1] * b[1]);
function floorDiv(n, d) {
  const q = n / d;
  return n % d < 0n ? q - 1n : q;
}
function rounded([n, d]) {
  const halfUp = () => floorDiv(2n * n + d, 2n * d);
  if (state.rounding === "truncate") return n / d;
  if (state.rounding === "half-up") return halfUp();
  if (state.rounding === "half-down") return -floorDiv(d - 2n * n, 2n * d);
  const up = halfUp();
  return (2n * n + d) % (2n * d) === 0n && up % 2n !== 0n ? up - 1n : up;
}
function written([n, d]) {
  if (d === 1n) return `${n}`;
  const text = `${n}/${d}`;
  const near = Number(n) / Number(d);
  return text.length > 18 ? `${+near.toPrecision(9)}` : `${text} (${+near.toPrecision(6)})`;
}

// ---- the kernel: whole weights, a gain and a bias ---------------------------------------------

function prepared(kernel) {
  const flat = kernel.weights.flat();
  const common = flat.reduce((all, w) => (all * w[1]) / gcd(all, w[1]), 1n);
  const whole = flat.map((w) => w[0] * (common / w[1]));
  const largest = whole.reduce((sum, w) => sum + (w < 0n ? -w : w), 0n) * 65536n;
  // Below 2^53 ordinary numbers are exact, and a hundred times as fast.
  const plain = largest < 2n ** 53n;
  return {
    ...kernel,
    gain: times(kernel.scale, [1n, common]),
    whole: plain ? whole.map(Number) : whole,
    sum: (list) => (plain ? BigInt(list.reduce((a, b) => a + b, 0)) : list.reduce((a, b) => a + b, 0n)),
    times: plain ? (weight, value) => weight * value : (weight, value) => weight * BigInt(value),
  };
}
function fromBank(entry) {
  return prepared({
    name: entry.name,
    weights: entry.weights.map((row) => row.map(parse)),
    scale: parse(entry.scale),
    offset: parse(entry.offset),
    anchor: entry.anchor,
  });
}

// ---- the window ---------------------------------------------------------------------------------

const mod = (i, n) => ((i % n) + n) % n;
function source(i, n) {
  if (i >= 0 && i < n) return i;
  switch (state.border) {
    case "constant": return null;
    case "replicate": return i < 0 ? 0 : n - 1;
    case "wrap": return mod(i, n);
    case "reflect": { const m = mod(i, 2 * n); return Math.min(m, 2 * n - 1 - m); }
    default: { const m = mod(i, Math.max(2 * n - 2, 1)); return Math.min(m, 2 * n - 2 - m); }
  }
}
function taps(row, column) {
  const { weights, anchor } = state.kernel;
  const found = [];
  weights.forEach((line, r) => line.forEach((weight, c) => {
    const y = row * state.stride + (r - anchor[0]) * state.dilation;
    const x = column * state.stride + (c - anchor[1]) * state.dilation;
    const at = [source(y, rows), source(x, columns)];
    const inside = at[0] !== null && at[1] !== null;
    found.push({ r, c, y, x, at: inside ? at : null, weight });
  }));
  return found;
}
const read = (at, channel) =>
  at ? image[(at[0] * columns + at[1]) * channels + channel] : state.borderValue;
function explained(row, column) {
  const kernel = state.kernel;
  const window = taps(row, column);
  const bands = [];
  for (let channel = 0; channel < channels; channel++) {
    const values = window.map((tap) => read(tap.at, channel));
    const sum = kernel.sum(values.map((value, i) => kernel.times(kernel.whole[i], value)));
    let exact = plus(times(kernel.gain, [sum, 1n]), kernel.offset);
    if (state.range === "offset") exact = plus(exact, parse(data.middle));
    if (state.range === "abs" && exact[0] < 0n) exact = [-exact[0], exact[1]];
    const near = rounded(exact);
    const value = near < BigInt(low) ? low : near > BigInt(high) ? high : Number(near);
    bands.push({ values, exact, near, value });
  }
  return { window, bands };
}
const outShape = () => [Math.ceil(rows / state.stride), Math.ceil(columns / state.stride)];

// ---- drawing ------------------------------------------------------------------------------------

function paint(canvas, width, height, value) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) {
      const level = value(i * channels + Math.min(c, channels - 1));
      picture.data[4 * i + c] = Math.round((255 * (level - low)) / (high - low));
    }
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}
function refresh() {
  const [high_, wide] = outShape();
  state.at = [Math.min(state.at[0], high_ - 1), Math.min(state.at[1], wide - 1)];
  output = new Int32Array(high_ * wide * channels);
  let next = 0;
  for (let r = 0; r < high_; r++) {
    for (let c = 0; c < wide; c++) {
      for (const band of explained(r, c).bands) output[next++] = band.value;
    }
  }
  show();
}
function mark(canvas, x, y, width, height, colour) {
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(x, y, width, height);
}
function show() {
  const [row, column] = state.at;
  const now = explained(row, column);
  paint($("input"), columns, rows, (i) => image[i]);
  for (const tap of now.window) {
    const weight = tap.weight[0] === 0n ? 0.3 : 0.55;
    if (tap.at) mark($("input"), tap.at[1], tap.at[0], 1, 1, `rgba(240, 130, 20, ${weight})`);
  }
  paint($("output"), outShape()[1], outShape()[0], (i) => output[i]);
  mark($("output"), column, row, 1, 1, "rgba(240, 130, 20, 0.9)");
  $("where").textContent = `output row ${row}, column ${column}`;
  const names = channels === 3 ? ["R", "G", "B"] : [""];
  $("summary").textContent = now.bands.map((band, i) => {
    const name = names[i] ? `${names[i]}  ` : "";
    const clipped = BigInt(band.value) === band.near ? "" : ", clipped";
    const near = band.exact[1] === 1n ? "" : ` → ${band.near}`;
    return `${name}${written(band.exact)}${near}${clipped} = ${band.value}`;
  }).join("\n");
  $("bands").replaceChildren(...now.bands.map((band, i) => bandOf(now.window, band, names[i])));
}
function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}
function table(caption, cell) {
  const { weights } = state.kernel;
  const made = element("table", {}, element("caption", {}, caption));
  weights.forEach((line, r) => {
    made.append(element("tr", {}, ...line.map((_, c) => cell(r * line.length + c, r, c))));
  });
  return element("div", { className: "scroll" }, made);
}
function bandOf(window, band, name) {
  const anchor = state.kernel.anchor;
  const box = element("div", { className: "band" });
  if (name) box.append(element("h3", {}, name));
  box.append(table("pixels", (i, r, c) => {
    const tap = window[i];
    const outside = !tap.at || tap.at[0] !== tap.y || tap.at[1] !== tap.x;
    const classes = [outside ? "outside" : "", r === anchor[0] && c === anchor[1] ? "anchor" : ""];
    const from = tap.at ? `row ${tap.at[0]}, column ${tap.at[1]}` : "the constant";
    return element("td", { className: classes.join(" ").trim(), title: from }, `${band.values[i]}`);
  }));
  box.append(table("products", (i) => {
    const product = times(window[i].weight, [BigInt(band.values[i]), 1n]);
    return element("td", { className: product[0] === 0n ? "zero" : "" }, written(product));
  }));
  return box;
}
function showWeights() {
  const kernel = state.kernel;
  const scale = kernel.scale[0] === 1n && kernel.scale[1] === 1n ? "" : `, times ${written(kernel.scale)}`;
  const offset = kernel.offset[0] === 0n ? "" : `, plus ${written(kernel.offset)}`;
  const said = `kernel (integers, decimals or fractions)${scale}${offset}`;
  $("weights").replaceChildren(table(said, (i, r, c) => {
    const [n, d] = kernel.weights[r][c];
    const field = element("input", { value: d === 1n ? `${n}` : `${n}/${d}`, inputMode: "text" });
    field.setAttribute("aria-label", `weight ${r},${c}`);
    field.addEventListener("change", () => edit(field, r, c));
    return element("td", {}, field);
  }));
}
function edit(field, r, c) {
  const weight = parse(field.value);
  field.classList.toggle("wrong", weight === null);
  if (weight === null) return;
  const weights = state.kernel.weights.map((line) => [...line]);
  weights[r][c] = weight;
  state.kernel = prepared({ ...state.kernel, weights, name: "edited" });
  $("kernel").value = "";
  refresh();
}

// ---- controls -----------------------------------------------------------------------------------

function choose(changes) {
  if (changes.kernel !== undefined) {
    const entry = data.kernels.find((kernel) => kernel.name === changes.kernel);
    if (entry) changes.kernel = fromBank(entry);
    else delete changes.kernel;
  }
  Object.assign(state, changes);
  for (const name of ["border", "stride", "dilation", "range", "rounding"]) $(name).value = state[name];
  if (changes.kernel) showWeights();
  refresh();
}
function moveTo(canvas, event) {
  const box = canvas.getBoundingClientRect();
  let row = Math.floor(((event.clientY - box.top) / box.height) * canvas.height);
  let column = Math.floor(((event.clientX - box.left) / box.width) * canvas.width);
  if (canvas.id === "input") {
    row = Math.floor(row / state.stride);
    column = Math.floor(column / state.stride);
  }
  go(row, column);
}
function go(row, column) {
  const [high_, wide] = outShape();
  state.at = [Math.min(Math.max(row, 0), high_ - 1), Math.min(Math.max(column, 0), wide - 1)];
  show();
}
for (const id of ["input", "output"]) {
  const canvas = $(id);
  canvas.addEventListener("pointermove", (event) => moveTo(canvas, event));
  canvas.addEventListener("pointerdown", (event) => { moveTo(canvas, event); $("input").focus(); });
}
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
document.addEventListener("keydown", (event) => {
  const step = STEPS[event.key];
  if (!step || ["INPUT", "SELECT"].includes(document.activeElement.tagName)) return;
  event.preventDefault();
  go(state.at[0] + step[0], state.at[1] + step[1]);
});
function fill(id, names, empty) {
  if (empty) $(id).append(element("option", { value: "" }, empty));
  $(id).append(...names.map((name) => element("option", { value: name }, name)));
  $(id).addEventListener("change", () => choose({ [id]: $(id).value }));
}
fill("kernel", data.kernels.map((kernel) => kernel.name), "edited");
fill("border", ["reflect101", "replicate", "reflect", "wrap", "constant"]);
fill("range", ["saturate", "abs", "offset"]);
fill("rounding", ["half-even", "half-up", "half-down", "truncate"]);
for (const id of ["stride", "dilation"]) {
  $(id).addEventListener("change", () => {
    const value = Math.trunc(Number($(id).value));
    choose({ [id]: Math.min(Math.max(value || 1, 1), 16) });
  });
}
$("about").textContent = data.about;
$("kernel").value = data.kernels[0].name;
choose({ kernel: data.kernels[0].name });
