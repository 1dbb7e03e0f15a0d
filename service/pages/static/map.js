// The map: shapes that the server drew, coloured by class; moved, zoomed and pointed at.

import { Cells } from "./cells.js";

const SVG = "http://www.w3.org/2000/svg";
const FIRST_ZOOM = 0.03; // pixels a unit at which names of step 0 have room: drawing/labels.py
const EM = 10; // pixels of an em, by which the style measures lines and letters of the map
const AIR = 0.03;
const DEEPEST = 60; // how many times larger than when all is seen
const box = document.getElementById("maps");
const tip = document.getElementById("tip");
const hint = document.getElementById("hint");

const place = { k: 0, x: 0, y: 0 }; // pixels a unit, and where the origin of the map is
let stages = [box.querySelector(".stage")];
let paths = []; // of each stage, in the order of the shapes
let grids = []; // of each stage, in place of paths: the cells, or null
let home = null; // left, top, width and height of the regions, in units
let size = { w: 0, h: 0 }; // of a stage
let shown = null; // the address of the shapes that are drawn, and how often
let selected = null;
let wanted = null; // the frame that fills the stage, until the reader moves the map
let choose = () => {};

/** Tell what happens when a region is clicked. */
export function onChoose(listener) {
  choose = listener;
}

/** Show what the server says: the shapes, and a style and words for each of them. */
export async function drawMaps({ shapes: address, maps, layers = {}, titles = [] }) {
  box.hidden = !address;
  if (!address) return;
  const wanting = `${address} ${maps.length}`;
  const isNew = shown !== wanting;
  const drawings = isNew ? await drawingsOf(address, maps.length) : null;
  if (isNew) {
    paths = drawings.map((svg) => [...svg.querySelectorAll(".regions:not(.cells) path")]);
    grids = drawings.map((svg) => svg.querySelector(".cells") && new Cells(svg));
  }
  maps.forEach(({ styles, words }, i) => {
    const all = styles.split(" ");
    grids[i]?.paint(all, words);
    paths[i].forEach((path, n) => {
      if (path.getAttribute("class") !== all[n]) path.setAttribute("class", all[n]);
      path.words = words[n];
    });
  });
  if (isNew) lay(drawings);
  shown = wanting;
  await cover(Object.values(layers));
  stages.forEach((stage, i) => {
    const title = stage.querySelector("h2");
    title.textContent = titles[i] ?? "";
    title.hidden = !titles[i];
  });
}

async function svgAt(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(String(response.status));
  return document.adoptNode(new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement);
}

/** Fetch the shapes, and return so many copies; the browser keeps them for good. */
async function drawingsOf(address, number) {
  const svg = await svgAt(address);
  const world = document.createElementNS(SVG, "g");
  world.setAttribute("class", "world");
  world.append(...svg.childNodes);
  svg.append(world);
  return [svg, ...Array.from({ length: number - 1 }, () => svg.cloneNode(true))];
}

/** Lay layers over the maps, and take others away. */
async function cover(addresses) {
  const drawings = await Promise.all(addresses.map(svgAt));
  for (const stage of stages) {
    const groups = drawings.map((svg) => svg.firstElementChild.cloneNode(true));
    stage.querySelector(".layers").replaceChildren(...groups);
  }
}

/** Lay drawings into as many stages. */
function lay(drawings) {
  const first = stages[0];
  stages.slice(1).forEach((stage) => stage.remove());
  stages = [first];
  while (stages.length < drawings.length) {
    const stage = first.cloneNode(false);
    stages.at(-1).after(stage);
    listen(stage);
    stages.push(stage);
  }
  measure(); // before there is anything that would have to be laid out for it
  drawn.k = 0;
  stages.forEach((stage, i) => stage.replaceChildren(document.createElement("h2"), drawings[i]));
  const frame = drawings[0].dataset.box.split(" ").map(Number);
  if (String(frame) !== String(home)) {
    home = frame;
    fit(home);
  } else move();
  select(selected);
}

function measure() {
  size = { w: stages[0].clientWidth, h: stages[0].clientHeight };
}

/** Move the map so that a frame fills the stage as far as it can. */
function fit(frame) {
  const [left, top, width, height] = frame;
  wanted = frame;
  const { w, h } = size;
  const air = AIR * Math.max(width, height);
  place.k = Math.min(w / (width + 2 * air), h / (height + 2 * air), deepest());
  place.x = w / 2 - (left + width / 2) * place.k;
  place.y = h / 2 - (top + height / 2) * place.k;
  move();
}

const whole = () => Math.min(size.w / home[2], size.h / home[3]);
const deepest = () => DEEPEST * whole();

/** Move the map so that some regions are in the middle; all of it, if none is named. */
export function focus(ids) {
  if (!home) return;
  const named = new Set(ids);
  const frames = grids[0]
    ? grids[0].all.filter(({ id }) => named.has(id)).map((cell) => grids[0].frame(cell))
    : paths[0].filter((path) => named.has(path.dataset.id)).map((path) => path.getBBox());
  if (!frames.length) {
    fit(home);
    return;
  }
  const left = Math.min(...frames.map((f) => f.x));
  const top = Math.min(...frames.map((f) => f.y));
  const right = Math.max(...frames.map((f) => f.x + f.width));
  const bottom = Math.max(...frames.map((f) => f.y + f.height));
  const air = Math.max(right - left, bottom - top, home[2] / 40) * 0.12;
  fit([left - air, top - air, right - left + 2 * air, bottom - top + 2 * air]);
}

/** Let the regions of other countries stand back, and their layers go; of none, if none is named. */
export function emphasise(country) {
  for (const stage of stages) {
    for (const group of stage.querySelectorAll(".regions > g")) {
      group.classList.toggle("back", Boolean(country) && group.dataset.country !== country);
    }
    for (const group of stage.querySelectorAll(".layers [data-country]")) {
      group.toggleAttribute("hidden", Boolean(country) && group.dataset.country !== country);
    }
  }
}

/** Ring the region that is open; it may not be on the map. */
export function select(id) {
  selected = id;
  stages.forEach((stage, i) => {
    const d = grids[i] ? grids[i].find(id)?.d : paths[i]?.find((one) => one.dataset.id === id)?.getAttribute("d");
    const copies = d ? ["path", "path"].map((name) => document.createElementNS(SVG, name)) : [];
    copies.forEach((copy) => copy.setAttribute("d", d));
    stage.querySelector(".ring")?.replaceChildren(...copies);
  });
}

const drawn = { k: 0, x: 0, y: 0 }; // where the map was when it was drawn last
let waiting = false;
let settling = 0;

/** Show the map where it has been moved to, once a frame: what is drawn is shifted and stretched. */
function move() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const ratio = place.k / drawn.k;
    if (!(ratio > 1 / 8 && ratio < 8)) redraw();
    else if (ratio !== 1) {
      clearTimeout(settling);
      settling = setTimeout(redraw, 140);
    }
    const scale = place.k / drawn.k;
    const shift = `translate(${place.x - drawn.x * scale}px, ${place.y - drawn.y * scale}px) scale(${scale})`;
    for (const stage of stages) stage.querySelector("svg").style.transform = shift;
  });
}

/** Draw the map anew: letters and lines keep their size, and names come as there is room. */
function redraw() {
  Object.assign(drawn, place);
  const step = Math.floor(2 * Math.log2(place.k / FIRST_ZOOM));
  for (const stage of stages) {
    const world = stage.querySelector(".world");
    world.setAttribute("transform", `translate(${place.x} ${place.y}) scale(${place.k})`);
    world.setAttribute("font-size", EM / place.k);
    stage.querySelector("pattern").setAttribute("patternTransform", `scale(${1 / place.k}) rotate(45)`);
    for (const group of stage.querySelector(".labels").children) {
      group.toggleAttribute("hidden", Number(group.dataset.step) > step);
    }
    stage.querySelector("svg").style.transform = "";
  }
}

function zoomAt(factor, px, py) {
  const k = Math.min(deepest(), Math.max(0.5 * whole(), place.k * factor));
  const ratio = k / place.k;
  wanted = null;
  place.x = px - (px - place.x) * ratio;
  place.y = py - (py - place.y) * ratio;
  place.k = k;
  move();
}

function zoomMiddle(factor) {
  zoomAt(factor, size.w / 2, size.h / 2);
}

const KEYS = {
  ArrowLeft: () => { place.x += 80; }, ArrowRight: () => { place.x -= 80; },
  ArrowUp: () => { place.y += 80; }, ArrowDown: () => { place.y -= 80; },
  "+": () => zoomMiddle(1.5), "=": () => zoomMiddle(1.5), "-": () => zoomMiddle(1 / 1.5), 0: () => fit(home),
};

function listen(stage) {
  const fingers = new Map();
  let travelled = 0;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) travelled = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) {
      point(stage, event);
      return;
    }
    tip.hidden = true;
    const now = { x: event.clientX, y: event.clientY };
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (travelled > 4 && !stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
    if (others.length) pinch(stage, before, now, others[0]);
    else if (travelled > 4) {
      place.x += now.x - before.x;
      place.y += now.y - before.y;
      wanted = null;
      move();
    }
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => fingers.delete(event.pointerId));
  }
  stage.addEventListener("pointerleave", () => { tip.hidden = true; });
  stage.addEventListener("click", (event) => {
    const id = travelled <= 4 && regionAt(stage, event)?.id;
    if (id) choose(id);
  });
  stage.addEventListener("wheel", (event) => turn(stage, event), { passive: false });
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
    move();
  });
}

function pinch(stage, before, now, other) {
  const { left, top } = stage.getBoundingClientRect();
  const far = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
  zoomAt(far, (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
}

/** The wheel scrolls the page, until the map has been clicked or Ctrl is held. */
function turn(stage, event) {
  if (!event.ctrlKey && !stage.matches(":focus")) {
    say(box.dataset.hint);
    return;
  }
  event.preventDefault();
  const { left, top } = stage.getBoundingClientRect();
  zoomAt(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), event.clientX - left, event.clientY - top);
}

let silence = 0;

export function say(text) {
  hint.textContent = text;
  hint.classList.add("seen");
  clearTimeout(silence);
  silence = setTimeout(() => hint.classList.remove("seen"), 1800);
}

/** Return the region under the pointer, if there is one: `id`, `name`, `country` and `words`. */
function regionAt(stage, event) {
  const path = event.target.closest("[data-id]");
  if (path) return { id: path.dataset.id, name: path.dataset.name ?? path.dataset.id, country: path.parentNode.dataset.name, words: path.words };
  const group = event.target.closest(".cells > g");
  if (!group) return null;
  const { left, top } = stage.getBoundingClientRect();
  return grids[stages.indexOf(stage)].at(group, (event.clientX - left - place.x) / place.k, (event.clientY - top - place.y) / place.k);
}

function point(stage, event) {
  const road = event.target.closest("[data-words]");
  const region = road ? null : regionAt(stage, event);
  tip.hidden = !(road || region) || event.pointerType === "touch";
  if (tip.hidden) return;
  const lines = road ? [["span", road.dataset.words]] : [["strong", region.name], ["small", region.country], ["span", region.words]];
  tip.replaceChildren(...lines.filter(([, text], i) => i !== 1 || text !== lines[0][1]).map(([name, text]) => {
    const line = document.createElement(name);
    line.textContent = text;
    return line;
  }));
  const frame = box.getBoundingClientRect();
  const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  const { offsetWidth: w, offsetHeight: h } = tip;
  tip.style.left = `${Math.min(Math.max(8, x + 14), frame.width - w - 8)}px`;
  tip.style.top = `${y + h + 24 > frame.height ? y - h - 12 : y + 16}px`;
}

listen(stages[0]);
document.getElementById("zoom-in").addEventListener("click", () => zoomMiddle(1.6));
document.getElementById("zoom-out").addEventListener("click", () => zoomMiddle(1 / 1.6));
document.getElementById("zoom-all").addEventListener("click", () => fit(home));

// The window and the panel change the shape of the stage: what was in its middle stays there.
new ResizeObserver(() => {
  const { w, h } = size;
  measure();
  if (!home || !size.w) return;
  if (wanted) fit(wanted);
  else {
    place.x += (size.w - w) / 2;
    place.y += (size.h - h) / 2;
    move();
  }
}).observe(stages[0]);
