"use strict";
// Filters with a footprint: order statistics and morphology, in whole numbers as in the engine.
// Positions are rows and columns of the image, which its border continues once.

const CHAINS = {
  erode: ["e"], dilate: ["d"], open: ["ed"], close: ["de"],
  morph_gradient: ["d", "e"], inner_gradient: ["", "e"], outer_gradient: ["d", ""],
  top_hat: ["", "ed"], black_hat: ["de", ""],
};
const ORDERED = ["median", "rank", "min", "max", "range", "midpoint", "mode"];
const MADE = { "": "the image", e: "the eroded values", d: "the dilated values" };

const isMorphology = (operation) => operation in CHAINS;

// The rows and columns that all passes together read, and the anchor in them.
function reachOf(operation, shape, at, times) {
  const chains = CHAINS[operation];
  if (!chains) return { shape, at };
  const sides = [0, 1].map((a) => {
    const before = at[a], after = shape[a] - 1 - at[a];
    if (operation === "morph_gradient") return Array(2).fill(times * Math.max(before, after));
    const passes = chains.find((chain) => chain) || "";
    const eroded = passes.includes("e") ? times : 0, dilated = passes.includes("d") ? times : 0;
    return [eroded * before + dilated * after, eroded * after + dilated * before];
  });
  return { shape: sides.map(([b, a]) => b + a + 1), at: sides.map(([b]) => b) };
}

// Steps from the anchor to the places with a weight of a sign, or with any weight.
function placesOf(job, sign) {
  const found = [];
  job.weights.forEach((row, i) => row.forEach((weight, j) => {
    const own = weight[0] > 0n ? 1 : weight[0] < 0n ? -1 : 0;
    if (sign ? own === sign : own) {
      found.push([(i - job.at[0]) * job.down.dilation, (j - job.at[1]) * job.across.dilation]);
    }
  }));
  return found;
}

// By 180 degrees, row by row again.
const turned = (places) => places.map(([down, across]) => [-down, -across]).reverse();

function checkFootprint(operation, weights) {
  const signs = weights.flat().map((weight) => weight[0]);
  if (operation === "hit_or_miss" && !signs.some((n) => n > 0n)) throw new Error("a pattern needs a positive weight");
  if (!signs.some((n) => n)) throw new Error("a footprint needs a weight that is not 0");
}

// --- Grids: values at positions ------------------------------------------------------------------

function continued(job, channel) {
  const lengths = [job.down, job.across].map((a) => (a.out - 1) * a.stride + (a.taps - 1) * a.dilation + 1);
  const [top, left] = [-job.down.before, -job.across.before];
  const values = new Int32Array(lengths[0] * lengths[1]);
  const columns = Array.from({ length: lengths[1] }, (_, c) => sourceIndex(job.border, c + left, data.columns));
  for (let r = 0; r < lengths[0]; r++) {
    const row = sourceIndex(job.border, r + top, data.rows);
    for (let c = 0; c < lengths[1]; c++) {
      values[r * lengths[1] + c] = row < 0 || columns[c] < 0 ? job.value
        : job.pixels[(row * data.columns + columns[c]) * job.channels + channel];
    }
  }
  return { top, left, rows: lengths[0], columns: lengths[1], values };
}

const valueAt = (grid, [row, column]) => grid.values[(row - grid.top) * grid.columns + column - grid.left];

function extremes(grid, places, least) {
  const [up, low, west, east] = [0, 1].flatMap((a) => {
    const steps = places.map((place) => place[a]);
    return [Math.min(...steps), Math.max(...steps)];
  });
  const made = {
    top: grid.top - up, left: grid.left - west,
    rows: grid.rows - (low - up), columns: grid.columns - (east - west), places, least,
  };
  made.values = new Int32Array(made.rows * made.columns);
  const steps = places.map(([down, across]) => (down - up) * grid.columns + across - west);
  for (let r = 0, i = 0; r < made.rows; r++) {
    for (let c = 0; c < made.columns; c++, i++) {
      const base = r * grid.columns + c;
      let best = grid.values[base + steps[0]];
      for (let s = 1; s < steps.length; s++) {
        const value = grid.values[base + steps[s]];
        if (least ? value < best : value > best) best = value;
      }
      made.values[i] = best;
    }
  }
  return made;
}

// The image, and what each pass makes of it.
function chainOf(job, image, passes) {
  const grids = [image];
  for (const kind of passes) {
    for (let t = 0; t < job.times; t++) {
      const places = placesOf(job, 0);
      grids.push(extremes(grids.at(-1), kind === "e" ? places : turned(places), kind === "e"));
    }
  }
  return grids;
}

function prepared(job, channel) {
  const image = continued(job, channel);
  if (isMorphology(job.operation)) return { image, chains: CHAINS[job.operation].map((p) => chainOf(job, image, p)) };
  const places = placesOf(job, 0);
  if (job.operation === "hit_or_miss") {
    const misses = placesOf(job, -1);
    const chains = [[image, extremes(image, placesOf(job, 1), true)]];
    if (misses.length) chains.push([image, extremes(image, misses, false)]);
    return { image, chains };
  }
  return { image, places };
}

// --- One pixel -----------------------------------------------------------------------------------

const clampPixel = (value) => Math.min(Math.max(value, data.depth.low), data.depth.high);

function anchorOf(job, row, column) {
  return [
    row * job.down.stride - job.down.before + job.reach.at[0] * job.down.dilation,
    column * job.across.stride - job.across.before + job.reach.at[1] * job.across.dilation,
  ];
}

function made(job, ready, position) {
  if (!ready.chains) return ofOrder(job, inOrder(ready, position));
  const [first, second] = ready.chains.map((grids) => valueAt(grids.at(-1), position));
  if (second === undefined) return first;
  const value = clampPixel(first - second);
  return job.operation === "hit_or_miss" ? Math.max(value, 0) : value;
}

function inOrder(ready, position) {
  const pixels = ready.places.map(([down, across]) => {
    const at = [position[0] + down, position[1] + across];
    return { at, value: valueAt(ready.image, at) };
  });
  return pixels.sort((one, other) => one.value - other.value);
}

// Places in the ordered window whose values make the result.
function takenOf(job, count) {
  if (job.operation === "mode") return [];
  if (job.operation === "range" || job.operation === "midpoint") return count > 1 ? [0, count - 1] : [0];
  const share = { median: [1n, 2n], min: [0n, 1n], max: [1n, 1n] }[job.operation] || job.share;
  const rank = (share[0] * BigInt(count) + share[1] - 1n) / share[1];
  return [Math.max(Number(rank), 1) - 1];
}

function ofOrder(job, pixels) {
  const low = pixels[0].value, high = pixels.at(-1).value;
  if (job.operation === "range") return clampPixel(high - low);
  if (job.operation === "midpoint") return rounded(low + high, 2, job.rounding);
  if (job.operation === "mode") return mostFrequent(pixels);
  return pixels[takenOf(job, pixels.length)[0]].value;
}

function mostFrequent(pixels) {
  let best = pixels[0].value, most = 0, run = 0;
  pixels.forEach(({ value }, i) => {
    run = i && value === pixels[i - 1].value ? run + 1 : 1;
    if (run > most) [best, most] = [value, run];
  });
  return best;
}

function footprintPicture(job) {
  job.ready = Array.from({ length: job.channels }, (_, channel) => prepared(job, channel));
  const result = new Int32Array(job.down.out * job.across.out * job.channels);
  let at = 0;
  for (let r = 0; r < job.down.out; r++) {
    for (let c = 0; c < job.across.out; c++) {
      const position = anchorOf(job, r, c);
      for (const ready of job.ready) result[at++] = made(job, ready, position);
    }
  }
  return result;
}

// --- Showing -------------------------------------------------------------------------------------

// Where the extreme of each pass lies, the last pass first.
function traced(grids, position) {
  const found = [];
  for (let g = grids.length - 1; g > 0; g--) {
    const { places, least } = grids[g], value = valueAt(grids[g], position);
    position = places
      .map(([down, across]) => [position[0] + down, position[1] + across])
      .find((place) => valueAt(grids[g - 1], place) === value);
    const of = g > 1 ? MADE[grids[g - 1].least ? "e" : "d"]
      : job.operation !== "hit_or_miss" ? MADE[""] : least ? "the hits" : "the misses";
    found.push({ at: position, words: `${least ? "least" : "greatest"} of ${of}: ${value}, at ${position.join(",")}` });
  }
  return found;
}

function footprintLines(job, ready, position) {
  if (!ready.chains) {
    const pixels = inOrder(ready, position), taken = takenOf(job, pixels.length);
    const words = job.operation === "mode" ? "the most frequent value"
      : taken.map((t) => `number ${t + 1} of ${pixels.length}: ${pixels[t].value}, at ${pixels[t].at.join(",")}`).join(" → ");
    return { words, pixels, taken, marked: taken.map((t) => pixels[t].at) };
  }
  const traces = ready.chains.map((grids) => traced(grids, position));
  const words = traces.flat().map((trace) => trace.words);
  const values = ready.chains.map((grids) => valueAt(grids.at(-1), position));
  if (values.length > 1) words.push(`${values[0]} minus ${values[1]}`);
  return { words: words.join(" → "), pixels: [], taken: [], marked: traces.flat().map((trace) => trace.at) };
}

function showFootprint(row, column, channel) {
  const position = anchorOf(job, row, column);
  const told = job.ready.map((ready) => footprintLines(job, ready, position));
  $("sums").replaceChildren(...told.map(({ words }, c) => {
    const line = document.createElement("div"), value = document.createElement("b");
    line.className = "sum";
    value.textContent = `${made(job, job.ready[c], position)}`;
    line.append(job.channels > 1 ? `${CHANNELS[c]}: ` : "", words, " → ", value);
    return line;
  }));
  const shown = told[channel];
  showWindow(row, column, job.ready[channel].image, position, shown.marked);
  const footprint = job.weights.flat().map((weight) => ({ text: weight[0] ? written(weight) : "" }));
  fill($("weights-grid"), job.weights[0].length, footprint);
  const across = Math.ceil(Math.sqrt(shown.pixels.length)) || 1;
  fill($("products"), across, shown.pixels.map((pixel, i) => ({
    text: `${pixel.value}`, name: shown.taken.includes(i) ? "taken" : "", title: `row ${pixel.at[0]}, column ${pixel.at[1]}`,
  })));
}

function showWindow(row, column, image, anchor, marked) {
  const cells = [], same = (one, other) => one[0] === other[0] && one[1] === other[1];
  let outside = 0;
  for (let i = 0; i < job.down.taps; i++) {
    for (let j = 0; j < job.across.taps; j++) {
      const at = [
        row * job.down.stride + i * job.down.dilation - job.down.before,
        column * job.across.stride + j * job.across.dilation - job.across.before,
      ];
      const isOutside = at[0] < 0 || at[1] < 0 || at[0] >= data.rows || at[1] >= data.columns;
      outside += isOutside;
      const names = [
        same(at, anchor) && "anchor", isOutside && "outside", marked.some((place) => same(place, at)) && "taken",
      ];
      cells.push({
        text: `${valueAt(image, at)}`, name: names.filter(Boolean).join(" "), title: `row ${at[0]}, column ${at[1]}`,
      });
    }
  }
  fill($("window"), job.across.taps, cells);
  $("outside").textContent = outside
    ? `${outside} of ${cells.length} places lie outside, where the border is ${job.border}.`
    : "The window lies inside.";
}
