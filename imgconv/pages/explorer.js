"use strict";
// Every number is exact: whole numbers below 2^53 where a bound allows it, else BigInt.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const CHANNELS = ["red", "green", "blue"];
const SAFE = 2n ** 53n;

// --- Rational numbers: pairs of BigInt, the denominator positive -------------------------------

function gcd(a, b) {
  a = a < 0n ? -a : a;
  while (b) [a, b] = [b, a % b];
  return a;
}

function parseNumber(text) {
  const ratio = /^\s*([+-]?\d+)\s*\/\s*(\d+)\s*$/.exec(text);
  if (ratio && BigInt(ratio[2]) !== 0n) return simplest(BigInt(ratio[1]), BigInt(ratio[2]));
  const decimal = /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/.exec(text);
  if (!decimal || !(decimal[2] || decimal[3])) throw new Error(`“${text.trim()}” is not a number`);
  const fraction = decimal[3] || "";
  const power = Number(decimal[4] || 0) - fraction.length;
  const whole = BigInt(decimal[2] + fraction) * (decimal[1] === "-" ? -1n : 1n);
  return power < 0 ? simplest(whole, 10n ** BigInt(-power)) : [whole * 10n ** BigInt(power), 1n];
}

function simplest(n, d) {
  const common = gcd(n, d) || 1n;
  return [n / common, d / common];
}

const times = (a, b) => simplest(a[0] * b[0], a[1] * b[1]);
const plus = (a, b) => simplest(a[0] * b[1] + b[0] * a[1], a[1] * b[1]);
const isOne = (a) => a[0] === a[1];
const written = (a) => (a[1] === 1n ? `${a[0]}` : `${a[0]}/${a[1]}`);
const nearly = (a) => Number(a[0]) / Number(a[1]);

function readable(a) {
  if (a[1] === 1n) return `${a[0]}`;
  const exact = written(a);
  return exact.length <= 14 ? `${exact} (${+nearly(a).toPrecision(7)})` : `${+nearly(a).toPrecision(10)}`;
}

// --- The image, the kernel, the settings --------------------------------------------------------

function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const kinds = { u8: Uint8Array, u16: Uint16Array, i16: Int16Array };
  return new kinds[data.depth.name](bytes.buffer);
}

const views = Object.fromEntries(Object.entries(data.views).map(([k, v]) => [k, unpack(v)]));
let anchor = null; // of the chosen kernel; edited weights of another size take the centre
let operation = ""; // of a filter with a footprint; "" for a sum
let job = null;
let place = data.start.at.slice();

function readWeights(text) {
  const lines = text.split(/[\n;]/).filter((line) => line.trim());
  if (!lines.length) throw new Error("a kernel needs a weight");
  const rows = lines.map((line) => line.trim().split(/[\s,]+/).map(parseNumber));
  if (rows.some((row) => row.length !== rows[0].length)) throw new Error("every row has the same length");
  if (rows.length > 51 || rows[0].length > 51) throw new Error("at most 51 weights on a side");
  return rows;
}

const choice = (id) => $(id).value;

function axis(n, taps, at, stride, dilation, size) {
  const reach = (taps - 1) * dilation + 1;
  const same = size === "same";
  const out = same ? Math.ceil(n / stride) : Math.floor((n - reach) / stride) + 1;
  if (out < 1) throw new Error(`the kernel reaches over ${reach} pixels, the picture has ${n}`);
  return { n, taps, stride, dilation, out, before: same ? at * dilation : 0 };
}

const modulo = (i, n) => ((i % n) + n) % n;

function sourceIndex(border, i, n) {
  if (i >= 0 && i < n) return i;
  if (border === "constant") return -1;
  if (border === "replicate") return i < 0 ? 0 : n - 1;
  if (border === "wrap") return modulo(i, n);
  if (border === "reflect") {
    const m = modulo(i, 2 * n);
    return Math.min(m, 2 * n - 1 - m);
  }
  const m = modulo(i, Math.max(2 * n - 2, 1));
  return Math.min(m, 2 * n - 2 - m);
}

function readJob() {
  const weights = readWeights($("weights").value);
  const [rows, columns] = [weights.length, weights[0].length];
  const fits = anchor && anchor.shape[0] === rows && anchor.shape[1] === columns;
  const at = fits ? anchor.at : [rows >> 1, columns >> 1];
  const scale = parseNumber($("scale").value);
  const offset = parseNumber($("offset").value);
  const value = Number(choice("value"));
  const { low, high } = data.depth;
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new Error(`the border value runs from ${low} to ${high}`);
  }
  const view = choice("view");
  if (operation) checkFootprint(operation, weights);
  const times = isMorphology(operation) ? Number($("iterations").value) : 1;
  if (!(Number.isInteger(times) && times >= 1 && times <= 50)) throw new Error("iterations run from 1 to 50");
  const share = parseNumber($("percentile").value);
  if (share[0] < 0n || share[0] > share[1]) throw new Error("the percentile runs from 0 to 1");
  const reach = reachOf(operation, [rows, columns], at, times);
  const made = {
    view, weights, scale, offset, at, value, operation, times, share, reach,
    pixels: views[view],
    channels: view === "RGB" ? 3 : 1,
    border: choice("border"), range: choice("range"), rounding: choice("rounding"),
    down: axis(data.rows, reach.shape[0], reach.at[0], +choice("stride-rows"), +choice("dilation-rows"), choice("size")),
    across: axis(data.columns, reach.shape[1], reach.at[1], +choice("stride-columns"), +choice("dilation-columns"), choice("size")),
  };
  return { ...made, ...wholeNumbers(made) };
}

// value = (S * gain + bias) / unit with S the sum over whole weights.
function wholeNumbers(made) {
  const flat = made.weights.flat();
  const common = flat.reduce((l, w) => (l / gcd(l, w[1])) * w[1], 1n);
  const whole = flat.map((w) => w[0] * (common / w[1]));
  const extra = made.range === "offset" ? plus(made.offset, parseNumber(data.depth.middle)) : made.offset;
  const factor = times(made.scale, [1n, common]);
  let gain = factor[0] * extra[1], bias = extra[0] * factor[1], unit = factor[1] * extra[1];
  const divisor = gcd(gcd(gain, bias), unit) || 1n;
  [gain, bias, unit] = [gain / divisor, bias / divisor, unit / divisor];
  const absolute = (a) => (a < 0n ? -a : a);
  const most = BigInt(Math.max(Math.abs(data.depth.low), data.depth.high));
  const bound = most * whole.reduce((sum, q) => sum + absolute(q), 0n);
  const small = bound * absolute(gain) + absolute(bias) + 2n * unit < SAFE && bound < SAFE;
  const as = small ? Number : (a) => a;
  return { small, common, whole: whole.map(as), gain: as(gain), bias: as(bias), unit: as(unit) };
}

// --- Computing ----------------------------------------------------------------------------------

function floorDivide(n, d) {
  let q = typeof n === "bigint" ? n / d : Math.floor(n / d);
  let r = n - q * d;
  while (r < 0) { q--; r += d; }
  while (r >= d) { q++; r -= d; }
  return [q, r];
}

function rounded(n, d, mode) {
  const [q, r] = floorDivide(n, d);
  const up = d - r; // the distance to the next whole number
  const isOdd = typeof q === "bigint" ? q & 1n : q % 2;
  let next;
  if (mode === "truncate") next = n < 0 && r > 0;
  else if (mode === "half-up") next = r >= up;
  else if (mode === "half-down") next = r > up;
  else next = r > up || (r === up && isOdd);
  if (!next) return q;
  return typeof q === "bigint" ? q + 1n : q + 1;
}

function finish(job, sum) {
  let n = sum * job.gain + job.bias;
  if (job.range === "abs" && n < 0) n = -n;
  const value = rounded(n, job.unit, job.rounding);
  const { low, high } = data.depth;
  return { n, whole: value, pixel: value < low ? low : value > high ? high : Number(value) };
}

function positions(axis, border) {
  const table = [];
  for (let o = 0; o < axis.out; o++) {
    for (let t = 0; t < axis.taps; t++) {
      table.push(sourceIndex(border, o * axis.stride + t * axis.dilation - axis.before, axis.n));
    }
  }
  return table;
}

function picture(job) {
  if (job.operation) return footprintPicture(job);
  const { down, across, channels, pixels, whole } = job;
  const rows = positions(down, job.border), columns = positions(across, job.border);
  const zero = job.small ? 0 : 0n;
  const as = job.small ? (p) => p : BigInt;
  const taps = [];
  whole.forEach((q, i) => { if (q != 0) taps.push([Math.floor(i / across.taps), i % across.taps, q]); });
  const result = new Int32Array(down.out * across.out * channels);
  let at = 0;
  for (let r = 0; r < down.out; r++) {
    for (let c = 0; c < across.out; c++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = zero;
        for (const [i, j, q] of taps) {
          const row = rows[r * down.taps + i], column = columns[c * across.taps + j];
          const outside = row < 0 || column < 0;
          sum += q * as(outside ? job.value : pixels[(row * data.columns + column) * channels + channel]);
        }
        result[at++] = finish(job, sum).pixel;
      }
    }
  }
  return result;
}

function explain(job, row, column, channel) {
  const taps = [];
  let total = [0n, 1n];
  job.weights.forEach((weights, i) => weights.forEach((weight, j) => {
    const position = [
      row * job.down.stride + i * job.down.dilation - job.down.before,
      column * job.across.stride + j * job.across.dilation - job.across.before,
    ];
    const source = [
      sourceIndex(job.border, position[0], data.rows),
      sourceIndex(job.border, position[1], data.columns),
    ];
    const constant = source[0] < 0 || source[1] < 0;
    const pixel = constant ? job.value
      : job.pixels[(source[0] * data.columns + source[1]) * job.channels + channel];
    const product = times(weight, [BigInt(pixel), 1n]);
    total = plus(total, product);
    taps.push({ i, j, position, source: constant ? null : source, pixel, weight, product });
  }));
  return { taps, total, value: plus(times(job.scale, total), job.offset), ...finishOf(job, total) };
}

function finishOf(job, total) {
  const sum = (total[0] * job.common) / total[1]; // whole, since every weight is over `common`
  return finish(job, job.small ? Number(sum) : sum);
}

// --- Showing ------------------------------------------------------------------------------------

function paint(canvas, pixels, rows, columns, channels) {
  canvas.width = columns;
  canvas.height = rows;
  canvas.closest("figure").style.setProperty("--aspect", columns / rows);
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const level = (v) => Math.round((Math.max(0, v) * 255) / data.depth.high);
  for (let i = 0; i < rows * columns; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = level(pixels[i * channels + (channels > 1 ? c : 0)]);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

function frame(element, top, left, high, wide, rows, columns) {
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(element.style, {
    top: percent(top, rows), left: percent(left, columns),
    height: percent(high, rows), width: percent(wide, columns),
  });
}

function fill(grid, columns, cells, shares) {
  grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
  grid.replaceChildren(...cells.map((cell, i) => {
    const span = document.createElement("span");
    span.textContent = cell.text;
    if (cell.title) span.title = cell.title;
    if (cell.name) span.className = cell.name;
    if (shares && shares[i]) {
      const strength = 0.6 * Math.abs(shares[i]);
      span.style.background = shares[i] > 0 ? `rgb(220 60 45 / ${strength})` : `rgb(50 95 225 / ${strength})`;
    }
    return span;
  }));
}

function shares(numbers) {
  const values = numbers.map(nearly);
  const most = Math.max(...values.map(Math.abs)) || 1;
  return values.map((v) => v / most);
}

const brief = (a) => (written(a).length <= 6 ? written(a) : `${+nearly(a).toPrecision(4)}`);

function showPixel() {
  const { down, across } = job;
  place = [Math.min(Math.max(place[0], 0), down.out - 1), Math.min(Math.max(place[1], 0), across.out - 1)];
  const [row, column] = place;
  $("row").value = row;
  $("column").value = column;
  const channel = Math.min(+choice("channel") || 0, job.channels - 1);
  if (job.operation) {
    showFootprint(row, column, channel);
  } else {
    const all = Array.from({ length: job.channels }, (_, c) => explain(job, row, column, c));
    showGrids(all[channel]);
    $("sums").replaceChildren(...all.map(sumLine));
  }
  const first = [row * down.stride - down.before, column * across.stride - across.before];
  const reach = (a) => (a.taps - 1) * a.dilation + 1;
  frame($("input-window"), first[0], first[1], reach(down), reach(across), data.rows, data.columns);
  frame($("output-window"), row, column, 1, 1, down.out, across.out);
}

function showGrids(shown) {
  const isAnchor = (tap) => tap.i === job.at[0] && tap.j === job.at[1];
  const isOutside = (tap) => !tap.source || tap.source[0] !== tap.position[0] || tap.source[1] !== tap.position[1];
  fill($("window"), job.across.taps, shown.taps.map((tap) => ({
    text: `${tap.pixel}`,
    name: [isAnchor(tap) && "anchor", isOutside(tap) && "outside"].filter(Boolean).join(" "),
    title: `row ${tap.position[0]}, column ${tap.position[1]}` + (!tap.source ? ": the constant"
      : isOutside(tap) ? `: reads row ${tap.source[0]}, column ${tap.source[1]}` : ""),
  })));
  const weights = shown.taps.map((tap) => tap.weight), products = shown.taps.map((tap) => tap.product);
  fill($("weights-grid"), job.across.taps, weights.map((w) => ({ text: brief(w), title: written(w) })), shares(weights));
  fill($("products"), job.across.taps, products.map((p) => ({ text: brief(p), title: written(p) })), shares(products));
  const outside = shown.taps.filter(isOutside);
  const sources = [...new Set(outside.map((tap) => (tap.source ? tap.source.join(",") : `the constant ${job.value}`)))];
  $("outside").textContent = outside.length
    ? `${outside.length} of ${shown.taps.length} taps lie outside; ${job.border} reads ${sources.slice(0, 12).join("  ")}${sources.length > 12 ? " ..." : ""}`
    : "The window lies inside.";
}

function sumLine(made, channel) {
  const line = document.createElement("div");
  line.className = "sum";
  const steps = [`sum ${readable(made.total)}`];
  if (!isOne(job.scale) || job.offset[0]) {
    steps.push(`× ${written(job.scale)}${job.offset[0] ? ` + ${written(job.offset)}` : ""} = ${readable(made.value)}`);
  }
  const ranged = simplest(BigInt(made.n), BigInt(job.unit));
  if (job.range !== "saturate") steps.push(`${job.range} ${readable(ranged)}`);
  if (ranged[1] !== 1n) steps.push(`${job.rounding} ${made.whole}`);
  if (made.pixel !== Number(made.whole)) steps.push("clipped");
  const value = document.createElement("b");
  value.textContent = `${made.pixel}`;
  line.append(job.channels > 1 ? `${CHANNELS[channel]}: ` : "", steps.join(" → "), " → ", value);
  return line;
}

function compute() {
  try {
    job = readJob();
  } catch (error) {
    $("wrong").textContent = error.message;
    return;
  }
  $("wrong").textContent = "";
  $("value-label").hidden = job.border !== "constant";
  $("channel-label").hidden = job.channels === 1;
  showControls();
  paint($("input"), job.pixels, data.rows, data.columns, job.channels);
  paint($("output"), picture(job), job.down.out, job.across.out, job.channels);
  showPixel();
}

function showControls() {
  const isSum = !operation;
  for (const id of ["scale-label", "offset-label", "range-label"]) $(id).hidden = !isSum;
  $("rounding-label").hidden = !isSum && operation !== "midpoint";
  $("percentile-label").hidden = operation !== "rank";
  $("iterations-label").hidden = !isMorphology(operation);
  $("products-part").hidden = !isSum && !ORDERED.includes(operation);
  $("weights-title").textContent = isSum ? "kernel" : "footprint";
  $("products-title").textContent = isSum ? "products" : "in order";
}

// --- Controls -----------------------------------------------------------------------------------

function options(id, values, chosen) {
  $(id).replaceChildren(...values.map((v) => new Option(v, v, false, `${v}` === `${chosen}`)));
}

function take(kernel) {
  anchor = { at: kernel.anchor, shape: [kernel.weights.length, kernel.weights[0].length] };
  $("weights").value = kernel.weights.map((row) => row.join(" ")).join("\n");
  $("weights").rows = Math.min(12, Math.max(4, kernel.weights.length + 1));
  operation = kernel.operation || "";
  if (operation) [$("percentile").value, $("iterations").value] = [kernel.share, kernel.iterations];
  $("scale").value = kernel.scale;
  $("offset").value = kernel.offset;
  $("words").textContent = kernel.words;
}

const known = {};

function listKernels() {
  const own = data.start.kernel && { [data.start.name || "yours"]: data.start.kernel };
  const groups = own ? { "from the command line": own, ...data.families } : data.families;
  for (const [family, kernels] of Object.entries(groups)) {
    const group = document.createElement("optgroup");
    group.label = family;
    for (const [name, kernel] of Object.entries(kernels)) {
      known[`${family}/${name}`] = kernel;
      group.append(new Option(name, `${family}/${name}`));
    }
    $("kernel").append(group);
  }
  take(known[choice("kernel")]);
}

function move(rows, columns) {
  place = [place[0] + rows, place[1] + columns];
  showPixel();
}

function follow(element, canvas, toOutput) {
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * canvas.width;
    const y = ((event.clientY - box.top) / box.height) * canvas.height;
    place = toOutput(Math.floor(y), Math.floor(x));
    showPixel();
  };
  element.addEventListener("pointermove", point);
  element.addEventListener("pointerdown", point);
}

const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function start() {
  const { start: begin } = data;
  $("note").textContent = data.note;
  listKernels();
  options("border", ["reflect101", "replicate", "reflect", "wrap", "constant"], begin.border);
  options("size", ["same", "valid"], begin.size);
  options("range", ["saturate", "abs", "offset"], begin.range);
  options("rounding", ["half-even", "half-up", "half-down", "truncate"], begin.rounding);
  const steps = (chosen) => [...new Set([1, 2, 3, 4, chosen])].sort((a, b) => a - b);
  for (const [i, name] of ["rows", "columns"].entries()) {
    options(`stride-${name}`, steps(begin.stride[i]), begin.stride[i]);
    options(`dilation-${name}`, steps(begin.dilation[i]), begin.dilation[i]);
  }
  $("value").value = begin.value;
  options("view", Object.keys(views).reverse(), "RGB");
  $("view-label").hidden = Object.keys(views).length === 1;
  CHANNELS.forEach((name, i) => $("channel").append(new Option(name, i)));
  $("kernel").addEventListener("input", () => { take(known[choice("kernel")]); compute(); });
  for (const element of document.querySelectorAll("#controls select:not(#kernel), #controls input, #weights")) {
    element.addEventListener("input", compute);
  }
  $("channel").addEventListener("input", showPixel);
  for (const [i, id] of ["row", "column"].entries()) {
    $(id).addEventListener("change", () => { place[i] = Math.trunc(+$(id).value) || 0; showPixel(); });
  }
  follow($("input-picture"), $("input"), (y, x) => [Math.floor(y / job.down.stride), Math.floor(x / job.across.stride)]);
  follow($("output-picture"), $("output"), (y, x) => [y, x]);
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (typing || !(event.key in ARROWS) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    move(...ARROWS[event.key].map((step) => step * (event.shiftKey ? 10 : 1)));
  });
  compute();
}

start();
