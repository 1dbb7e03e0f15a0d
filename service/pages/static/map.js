// The map: one choropleth trace over the outlines of a level.

import { ask, askAll } from "./api.js";
import { capital, el, percent, number, riskClass } from "./words.js";
import { plotly, colour } from "./plotly.js";
import { start, view } from "./view.js";

const box = document.getElementById("map");
const tip = document.getElementById("tip");
const message = document.getElementById("map-message");
const outlines = new Map();
const CONFIG = { displayModeBar: false, scrollZoom: true, responsive: true, doubleClick: false };
const LEVELS = start.risk_levels;
const HAIR_CELLS = 3000; // more regions than this have no borders drawn

let pressed = { x: 0, y: 0 };
addEventListener("pointerdown", ({ clientX: x, clientY: y }) => { pressed = { x, y }; }, true);

let choose = () => {};
let shown = [];
let drawn = null;

/** Tell what happens when a region is clicked. */
export function onChoose(listener) {
  choose = listener;
}

export function say(text) {
  message.textContent = text;
  message.hidden = !text;
}

/** Return the outlines of a level as Plotly wants them, fetched once. */
async function outlinesOf(level) {
  if (!outlines.has(level)) {
    const features = await askAll("regions", {
      level, format: "geojson", limit: 10000, bulletin: start.bulletin,
    });
    const drawable = features.filter((feature) => feature.geometry?.coordinates?.length);
    const turned = drawable.map((f) => ({
      type: "Feature", id: f.properties.id, properties: {}, geometry: turn(f.geometry),
    }));
    outlines.set(level, { type: "FeatureCollection", features: turned, ids: new Set(turned.map((f) => f.id)) });
  }
  return outlines.get(level);
}

/** Turn every ring round: RFC 7946 has outer rings anticlockwise, d3 clockwise. */
function turn(geometry) {
  const rings = (polygon) => polygon.map((ring) => [...ring].reverse());
  const { type, coordinates } = geometry;
  return { type, coordinates: type === "Polygon" ? rings(coordinates) : coordinates.map(rings) };
}

/** Draw the scores of a level; `isCurrent` returns whether they are still the latest. */
export async function drawMap(level, scores, isCurrent) {
  const [Plotly, shapes] = await Promise.all([plotly(), outlinesOf(level)]);
  if (!isCurrent()) return;
  shown = scores.filter((score) => shapes.ids.has(score.region));
  if (!shown.length) {
    Plotly.purge(box);
    drawn = null;
    say("There are no outlines to draw of these places: the ranking has them all.");
    return;
  }
  const places = level === drawn?.level ? drawn : { level, frame: frameOf(shapes, shown) };
  await Plotly.react(box, [traceOf(shapes), ...ringOf(shapes)], layoutOf(places), CONFIG);
  box.classList.toggle("cells", shown.length > HAIR_CELLS);
  if (!drawn) listen();
  drawn = places;
  say("");
}

function traceOf(shapes) {
  const last = LEVELS.length - 1;
  const scale = LEVELS.flatMap((name, i) => [
    [i / LEVELS.length, colour(riskClass(name))], [(i + 1) / LEVELS.length, colour(riskClass(name))],
  ]);
  const many = shown.length > HAIR_CELLS;
  return {
    type: "choropleth",
    geojson: shapes,
    locations: shown.map((score) => score.region),
    z: shown.map((score) => LEVELS.indexOf(score.risk_level)),
    zmin: -0.5,
    zmax: last + 0.5,
    colorscale: scale,
    showscale: false,
    hoverinfo: "none",
    marker: { line: { width: many ? 0 : 0.6, color: colour("map-line") } },
  };
}

/** A ring round the region that is open, drawn over its neighbours. */
function ringOf(shapes) {
  const features = shapes.features.filter((shape) => shape.id === view.region);
  if (!features.length) return [];
  return [{
    type: "choropleth",
    geojson: { type: "FeatureCollection", features },
    locations: [view.region],
    z: [0],
    colorscale: [[0, "rgba(0,0,0,0)"], [1, "rgba(0,0,0,0)"]],
    showscale: false,
    hoverinfo: "skip",
    marker: { line: { width: 2.5, color: colour("ink") } },
  }];
}

/** Move the ring to the region that is open. */
export async function drawRing() {
  if (!drawn) return;
  const [Plotly, shapes] = await Promise.all([plotly(), outlinesOf(drawn.level)]);
  await Plotly.react(box, [box.data[0], ...ringOf(shapes)], layoutOf(drawn), CONFIG);
}

function layoutOf({ level, frame: plain }) {
  const frame = widen(plain);
  return {
    margin: { l: 0, r: 0, t: 0, b: 0 },
    paper_bgcolor: "rgba(0,0,0,0)",
    uirevision: level,
    dragmode: "pan",
    geo: {
      visible: false,
      bgcolor: "rgba(0,0,0,0)",
      ...moved(level),
      projection: { type: frame.wide ? "natural earth" : "mercator", ...moved(level).projection },
      lonaxis: { range: frame.lon },
      lataxis: { range: frame.lat },
      uirevision: level,
    },
  };
}

/** Where the reader has moved the map to, while it is of the same level. */
function moved(level) {
  const { uirevision, center, projection = {} } = box.layout?.geo ?? {};
  if (uirevision !== level) return {};
  const { scale, rotation } = projection;
  return { ...(center && { center }), projection: { ...(scale && { scale }), ...(rotation && { rotation }) } };
}

/** The corners of what is drawn, with some air. */
function frameOf(shapes, scores) {
  const ids = new Set(scores.map((score) => score.region));
  const lon = [180, -180];
  const lat = [90, -90];
  const see = (part) => {
    if (typeof part[0] !== "number") return part.forEach(see);
    lon[0] = Math.min(lon[0], part[0]);
    lon[1] = Math.max(lon[1], part[0]);
    lat[0] = Math.min(lat[0], part[1]);
    lat[1] = Math.max(lat[1], part[1]);
  };
  for (const shape of shapes.features) if (ids.has(shape.id)) see(shape.geometry.coordinates);
  const [w, h] = [lon[1] - lon[0], lat[1] - lat[0]];
  const air = Math.max(0.5, 0.02 * Math.max(w, h));
  return {
    wide: w > 120,
    lon: [Math.max(-180, lon[0] - air), Math.min(180, lon[1] + air)],
    lat: [Math.max(-80, lat[0] - air), Math.min(84, lat[1] + air)],
  };
}

/** Give a frame the shape of the stage, for Plotly cuts off whatever lies outside of it. */
function widen({ wide, lon, lat }) {
  if (wide) return { wide, lon, lat };
  const degree = Math.PI / 180;
  const up = (y) => Math.log(Math.tan(Math.PI / 4 + (y * degree) / 2));
  const down = (v) => (2 * Math.atan(Math.exp(v)) - Math.PI / 2) / degree;
  const aspect = box.clientWidth / Math.max(1, box.clientHeight);
  const [bottom, top] = lat.map(up);
  const [width, height] = [(lon[1] - lon[0]) * degree, top - bottom];
  if (width / height < aspect) {
    const more = Math.min((aspect * height - width) / degree / 2, (170 - (lon[1] - lon[0])) / 2);
    return { wide, lon: [lon[0] - more, lon[1] + more], lat };
  }
  const more = (width / aspect - height) / 2;
  return { wide, lon, lat: [Math.max(-80, down(bottom - more)), Math.min(84, down(top + more))] };
}

function listen() {
  box.on("plotly_click", ({ points, event }) => {
    // Plotly calls the end of a drag a click too.
    const moved = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y);
    if (points[0] && moved < 5) choose(points[0].location);
  });
  box.on("plotly_hover", ({ points, event }) => {
    const score = shown.find((one) => one.region === points[0].location);
    if (score) showTip(score, event);
  });
  box.on("plotly_unhover", () => { tip.hidden = true; });
}

function showTip(score, event) {
  const lines = [
    el("strong", {}, score.name),
    el("span", { class: "quiet" }, score.level === "country" ? score.region : `${score.country} · ${score.region}`),
    el("span", {}, el("b", {}, percent(score.probability)), ` ${score.risk_level ?? ""}`),
  ];
  if (score.mean !== null) lines.push(el("span", {}, `${number(score.mean)} deaths expected`));
  tip.replaceChildren(...lines);
  tip.hidden = false;
  const stage = box.getBoundingClientRect();
  const x = event.clientX - stage.left;
  const y = event.clientY - stage.top;
  tip.style.left = `${Math.min(Math.max(8, x + 14), stage.width - tip.offsetWidth - 8)}px`;
  tip.style.top = `${y + tip.offsetHeight + 24 > stage.height ? y - tip.offsetHeight - 12 : y + 16}px`;
}

async function zoom(factor) {
  const Plotly = await plotly();
  const geo = box._fullLayout?.geo;
  if (!geo) return;
  await Plotly.relayout(box, { "geo.projection.scale": Math.max(0.5, (geo.projection.scale || 1) * factor) });
}

// The panel and the window change the shape of the stage.
let waiting = 0;
new ResizeObserver(() => {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    if (!drawn || !box.clientWidth) return;
    const Plotly = await plotly();
    await Plotly.Plots.resize(box);
    await drawRing();
  }, 150);
}).observe(box);

document.getElementById("zoom-in").addEventListener("click", () => zoom(1.6));
document.getElementById("zoom-out").addEventListener("click", () => zoom(1 / 1.6));
document.getElementById("zoom-all").addEventListener("click", async () => {
  if (!drawn) return;
  const Plotly = await plotly();
  const { lon, lat } = widen(drawn.frame);
  await Plotly.relayout(box, {
    "geo.projection.scale": 1,
    "geo.projection.rotation.lon": (lon[0] + lon[1]) / 2,
    "geo.projection.rotation.lat": 0,
    "geo.center.lon": (lon[0] + lon[1]) / 2,
    "geo.center.lat": (lat[0] + lat[1]) / 2,
  });
});

/** The legend, in words: what came of such scores, and how many there are now. */
export async function drawLegend(level, target, scores) {
  const legend = document.getElementById("legend");
  const { items } = await ask("targets", { bulletin: start.bulletin });
  const scale = items.find((item) => item.target === target)?.scales?.find((one) => one.level === level);
  if (!scale) {
    legend.replaceChildren(el("p", { class: "quiet" }, "This bulletin names no levels of risk for these scores."));
    return;
  }
  const entries = scale.levels.map(({ name, lowest, scores: n, came_true: share }, i) => {
    const to = scale.levels[i + 1]?.lowest;
    const range = to === undefined ? `${percent(lowest)} or more` : lowest ? `${percent(lowest)} to ${percent(to)}` : `below ${percent(to)}`;
    const count = scores.filter((score) => score.risk_level === name).length;
    const truth = share === null || share === undefined || !n ? "none in the backtest" : `${percent(share)} of such came true`;
    return el("li", {},
      el("span", { class: `swatch ${riskClass(name)}`, "aria-hidden": "true" }),
      el("b", {}, capital(name)), el("span", { class: "range" }, range),
      el("span", { class: "quiet" }, truth), el("span", { class: "quiet count" }, `${number(count)} now`));
  });
  legend.replaceChildren(el("ul", {}, ...entries));
}
