"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const STATES = ["failed", "missing", "unused", "passed"];
const MODES = { side: "Side by side", swipe: "Swipe", onion: "Onion skin", blink: "Blink", difference: "Difference" };
const LEGEND = [["#e19600", "a little"], ["#e10000", "most"], ["#289646", "added"], ["#3c5ac8", "removed"]];
const ROW = 38;
const state = { filter: "all", cause: "", name: null, boxed: true, mode: "side", slide: 50, zoom: "fit", x: 0, y: 0, scale: 1 };
let blinking = 0;

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const fits = (entry) => (state.filter === "all" || entry.status === state.filter)
  && (!state.cause || entry.causes.includes(state.cause));
let fitting = { filter: null, cause: null, entries: [] };

function shown() {
  if (fitting.filter !== state.filter || fitting.cause !== state.cause) {
    fitting = { filter: state.filter, cause: state.cause, entries: data.entries.filter(fits) };
  }
  return fitting.entries;
}

const current = () => shown().find((entry) => entry.name === state.name) || shown()[0];
const view = (role) => current()?.views.find((one) => one.role === role);

const label = (status) => data.labels?.[status] || status;

function drawFilters() {
  at("note").textContent = data.note;
  at("filters").replaceChildren(...["all", ...STATES].filter((name) => name in data.counts).map((name) => {
    const button = element("button", { type: "button", textContent: `${label(name)} ${data.counts[name]}` });
    button.dataset.filter = name;
    button.setAttribute("aria-pressed", state.filter === name);
    button.onclick = () => { state.filter = name; draw(); };
    return button;
  }));
}

function drawCauses() {
  const counts = new Map();
  for (const entry of data.entries) {
    for (const cause of entry.causes) counts.set(cause, (counts.get(cause) || 0) + 1);
  }
  at("cause-label").hidden = counts.size < 2;
  at("causes").replaceChildren(
    element("option", { value: "", textContent: "any" }),
    ...[...counts].sort().map(([cause, count]) =>
      element("option", { value: cause, textContent: `${cause} ${count}` })),
  );
  at("causes").onchange = () => { state.cause = at("causes").value; draw(); };
}

function drawList() {
  const list = at("list");
  list.hidden = data.entries.length < 2;
  const entries = shown();
  at("rows").style.height = `${entries.length * ROW}px`;
  const index = entries.indexOf(current());
  if (index * ROW < list.scrollTop || (index + 1) * ROW > list.scrollTop + list.clientHeight) {
    list.scrollTop = Math.max(0, (index + 0.5) * ROW - list.clientHeight / 2);
  }
  drawRows();
}

/* Only the rows that can be seen are there, so that thousands of cases cost no more than a few. */
function drawRows() {
  const list = at("list");
  const [entries, chosen] = [shown(), current()];
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 4);
  const last = Math.min(entries.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 4);
  at("rows").replaceChildren(...entries.slice(first, last).map((entry, i) => {
    const button = element("button", { type: "button", textContent: entry.name, className: entry.status });
    button.setAttribute("aria-current", entry === chosen);
    button.title = `${entry.name}: ${label(entry.status)}`;
    button.style.top = `${(first + i) * ROW}px`;
    button.onclick = () => choose(entry.name);
    return button;
  }));
}

function drawWords() {
  const entry = current();
  at("name").textContent = entry ? `${entry.name}: ${label(entry.status)}` : "Nothing here";
  at("accept").hidden = !entry?.accept;
  at("accept").textContent = "Copy accept command";
  at("accept").title = entry?.accept || "";
  at("words").replaceChildren(...(entry?.words || []).map((line) => element("p", { textContent: line })));
}

function possible(mode) {
  const views = current()?.views || [];
  if (mode === "side") return views.length > 0;
  return mode === "difference" ? Boolean(view("difference")) : Boolean(view("expected") && view("actual"));
}

function drawTools() {
  if (!possible(state.mode)) state.mode = "side";
  at("tools").hidden = !possible("side");
  at("modes").replaceChildren(...Object.keys(MODES).filter(possible).map((mode) => {
    const button = element("button", { type: "button", textContent: MODES[mode] });
    button.dataset.mode = mode;
    button.setAttribute("aria-pressed", state.mode === mode);
    button.onclick = () => { state.mode = mode; draw(); };
    return button;
  }));
  const zooms = { fit: "Fit", worst: "Worst window", in: "+", out: "−" };
  if (!current()?.worst) delete zooms.worst;
  at("zooms").replaceChildren(...Object.entries(zooms).map(([zoom, label]) => {
    const button = element("button", { type: "button", textContent: label });
    button.dataset.zoom = zoom;
    if (zoom === "in") button.setAttribute("aria-label", "Enlarge");
    if (zoom === "out") button.setAttribute("aria-label", "Reduce");
    button.onclick = () => zoomTo(zoom);
    return button;
  }));
}

function layer(one) {
  return element("div", { className: "layer" },
    element("img", { src: one.uri, alt: one.label, draggable: false, className: "pixels" }));
}

/* The colours of the difference, while it is on the stage. */
function drawLegend() {
  const seen = view("difference") && ["side", "difference"].includes(state.mode);
  const parts = current()?.resized ? LEGEND : LEGEND.slice(0, 2);
  at("legend").replaceChildren(...(seen ? parts : []).map(([colour, text]) => {
    const swatch = element("i");
    swatch.style.background = colour;
    return element("span", {}, swatch, text);
  }));
}

function figure(label, ...layers) {
  const pane = element("div", { className: "view chess" }, ...layers);
  if (current()?.worst) pane.append(element("div", { className: "worst" }));
  pane.onpointerdown = drag;
  pane.onwheel = (event) => { event.preventDefault(); enlarge(event.deltaY < 0 ? 1.25 : 0.8); };
  return element("figure", {}, element("figcaption", {}, ...label.map((text) => element("span", { textContent: text }))), pane);
}

function drawStage() {
  clearInterval(blinking);
  const [before, after] = [view("expected"), view("actual")];
  const stage = at("stage");
  stage.className = state.mode;
  const views = current()?.views || [];
  if (state.mode === "side") {
    stage.replaceChildren(...views.map((one) => figure([one.label], layer(one))));
  } else if (state.mode === "difference") {
    stage.replaceChildren(figure([view("difference").label], layer(view("difference"))));
  } else {
    const labels = state.mode === "blink" ? [before.label] : [before.label, after.label];
    stage.replaceChildren(figure(labels, layer(before), layer(after)));
    if (state.mode === "swipe") stage.querySelector(".view").append(element("div", { id: "line" }));
    if (state.mode === "blink") blinking = setInterval(blink, 600);
  }
  drawLegend();
  at("slide").hidden = !["swipe", "onion"].includes(state.mode);
  at("slide-name").textContent = MODES[state.mode];
  slideTo(state.slide);
  zoomTo(state.zoom);
}

function blink() {
  const top = at("stage").querySelectorAll(".layer")[1];
  top.hidden = !top.hidden;
  at("stage").querySelector("figcaption").textContent = view(top.hidden ? "expected" : "actual").label;
}

function slideTo(value) {
  state.slide = Math.max(0, Math.min(100, value));
  at("slider").value = state.slide;
  const top = at("stage").querySelectorAll(".layer")[1];
  if (state.mode === "swipe") {
    top.style.clipPath = `inset(0 0 0 ${state.slide}%)`;
    at("line").style.left = `${state.slide}%`;
  } else if (state.mode === "onion") {
    top.style.opacity = state.slide / 100;
  } else if (state.mode === "blink") {
    top.hidden = true;
  }
}

function zoomTo(zoom) {
  const pane = at("stage").querySelector(".view");
  if (!pane) return;
  if (zoom === "in" || zoom === "out") return enlarge(zoom === "in" ? 2 : 0.5);
  state.zoom = zoom;
  const { columns, rows, worst } = current();
  const box = zoom === "worst" && worst ? worst : { row: 0, column: 0, rows, columns };
  const air = zoom === "worst" ? 3 : 1;
  const fit = Math.min(pane.clientWidth / (box.columns * air), pane.clientHeight / (box.rows * air));
  state.scale = zoom === "worst" ? Math.max(1, Math.floor(fit)) : fit;
  state.x = pane.clientWidth / 2 - (box.column + box.columns / 2) * state.scale;
  state.y = pane.clientHeight / 2 - (box.row + box.rows / 2) * state.scale;
  place();
}

function enlarge(factor) {
  const pane = at("stage").querySelector(".view");
  const scale = Math.max(0.02, Math.min(64, state.scale * factor));
  const [x, y] = [pane.clientWidth / 2, pane.clientHeight / 2];
  state.x = x - (x - state.x) * (scale / state.scale);
  state.y = y - (y - state.y) * (scale / state.scale);
  state.scale = scale;
  place();
}

function place() {
  for (const image of at("stage").querySelectorAll("img")) {
    image.style.transform = `translate(${state.x}px, ${state.y}px) scale(${state.scale})`;
  }
  const worst = current()?.worst;
  for (const box of at("stage").querySelectorAll(".worst")) {
    box.hidden = !state.boxed;
    box.style.left = `${state.x + worst.column * state.scale - 3}px`;
    box.style.top = `${state.y + worst.row * state.scale - 3}px`;
    box.style.width = `${worst.columns * state.scale + 6}px`;
    box.style.height = `${worst.rows * state.scale + 6}px`;
  }
}

function drag(event) {
  const pane = event.currentTarget;
  const start = { x: event.clientX - state.x, y: event.clientY - state.y };
  const move = (to) => {
    if (state.mode === "swipe") {
      const edge = pane.getBoundingClientRect();
      slideTo(((to.clientX - edge.left) / edge.width) * 100);
    } else {
      state.x = to.clientX - start.x;
      state.y = to.clientY - start.y;
      place();
    }
  };
  pane.setPointerCapture(event.pointerId);
  pane.onpointermove = move;
  pane.onpointerup = pane.onpointercancel = () => { pane.onpointermove = null; };
  if (state.mode === "swipe") move(event);
}

function choose(name) {
  state.name = name;
  state.zoom = "fit";
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  draw();
}

function followLink() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!data.entries.some((entry) => entry.name === name)) return;
  Object.assign(state, { name, filter: "all", cause: "", zoom: "fit" });
  at("causes").value = "";
}

async function copyAccept() {
  const text = current()?.accept;
  if (!text) return;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = element("textarea", { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  at("accept").textContent = "Copied";
}

function step(by) {
  const entries = shown();
  if (!entries.length) return;
  const index = entries.indexOf(current()) + by;
  choose(entries[(index + entries.length) % entries.length].name);
}

function draw() {
  drawFilters();
  drawList();
  drawWords();
  drawTools();
  drawStage();
}

function setMode(mode) {
  if (possible(mode)) { state.mode = mode; draw(); }
}

const KEYS = [
  ["n", "next", () => step(1)],
  ["p", "previous", () => step(-1)],
  ...Object.keys(MODES).map((mode, i) => [String(i + 1), MODES[mode].toLowerCase(), () => setMode(mode)]),
  ["ArrowRight", "swipe or onion skin: further", () => slideTo(state.slide + 5)],
  ["ArrowLeft", "swipe or onion skin: back", () => slideTo(state.slide - 5)],
  ["w", "zoom to the worst window", () => zoomTo("worst")],
  ["0", "fit the picture", () => zoomTo("fit")],
  ["+", "enlarge", () => zoomTo("in")],
  ["-", "reduce", () => zoomTo("out")],
  ["f", "next state", () => {
    const filters = ["all", ...STATES].filter((name) => name in data.counts);
    state.filter = filters[(filters.indexOf(state.filter) + 1) % filters.length];
    draw();
  }],
  ["b", "box around the worst window", () => { state.boxed = !state.boxed; place(); }],
  ["c", "copy the accept command", copyAccept],
  ["?", "these keys", () => at("help").showModal()],
];

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || at("help").open) return;
  if (event.target === at("slider") && event.key.startsWith("Arrow")) return;
  if (event.target === at("causes")) return;
  const key = KEYS.find(([name]) => name === event.key);
  if (key) { event.preventDefault(); key[2](); }
});
at("keys").append(...KEYS.flatMap(([key, what]) => [
  element("dt", {}, element("kbd", { textContent: key.replace("Arrow", "") })),
  element("dd", { textContent: what }),
]));
at("help-button").onclick = () => at("help").showModal();
at("slider").oninput = (event) => slideTo(Number(event.target.value));
at("accept").onclick = copyAccept;
at("list").onscroll = drawRows;
addEventListener("resize", () => { zoomTo(state.zoom); drawRows(); });
addEventListener("hashchange", () => { followLink(); draw(); });
drawCauses();
followLink();
draw();
