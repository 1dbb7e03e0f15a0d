// The page: pickers, map, lists and the open region follow the view, and the view follows them.

import { ask, askAll } from "./api.js";
import { drawLegend, drawMap, drawRing, onChoose, say } from "./map.js";
import { drawMovers, drawRanking, drawTab, setScores } from "./ranking.js";
import { drawRegion } from "./region.js";
import { change, nearest, onChange, start, view } from "./view.js";
import { el, month, question } from "./words.js";

const byId = (id) => document.getElementById(id);
const CHOICES = ["level", "target", "horizon"];

let turn = 0;

/** Show the pickers as the view has them. */
function drawChoices() {
  byId("level").value = view.level;
  byId("target").value = view.target;
  const horizons = start.horizons[view.target] ?? [view.horizon];
  byId("horizon").replaceChildren(...horizons.map((n) => el("option", { value: n }, String(n))));
  byId("horizon").value = view.horizon;
  const models = start.models[view.level] ?? [];
  const parts = models.flatMap(({ name, learner }, i) => [i ? ", " : "", name, " ", el("small", {}, learner)]);
  byId("model").replaceChildren(...parts);
}

/** Fetch and show the scores of the view. */
async function drawScores() {
  const mine = ++turn;
  const isCurrent = () => mine === turn;
  const { level, target, horizon } = view;
  document.body.setAttribute("aria-busy", "true");
  say("Loading the scores…");
  try {
    const scores = await askAll("scores", { level, target, horizon, limit: 10000, bulletin: start.bulletin });
    if (!isCurrent()) return;
    setScores(scores);
    byId("question").textContent = scores.length
      ? question(target, horizon, scores[0].target_month, start.thresholds[level]) : "";
    drawLegend(level, target, scores).catch((error) => { byId("legend").textContent = error.message; });
    if (view.tab === "movers") drawMovers(isCurrent);
    say("Drawing the map…");
    await drawMap(level, scores, isCurrent);
    if (isCurrent() && !scores.length) say("This bulletin has no such scores: choose another target, or other places.");
  } catch (error) {
    if (isCurrent()) say(error.message);
  } finally {
    if (isCurrent()) document.body.removeAttribute("aria-busy");
  }
}

/** List the bulletins that can be looked at. */
async function drawBulletins() {
  const { items } = await ask("bulletins", { limit: 100 });
  const chosen = byId("bulletin").value;
  const options = items.map((one) => el("option", { value: one.id }, `${month(one.origin)}`));
  byId("bulletin").replaceChildren(el("option", { value: "latest" }, "Newest"), ...options);
  byId("bulletin").value = chosen;
}

for (const id of CHOICES) {
  byId(id).addEventListener("change", () => {
    const value = id === "horizon" ? Number(byId(id).value) : byId(id).value;
    const other = id === "target" ? nearest(value, view.horizon) : { [id]: value };
    // A region belongs to a level.
    change(id === "level" ? { ...other, region: null, search: "" } : other);
  });
}
byId("bulletin").addEventListener("change", () => {
  const query = new URLSearchParams(location.search);
  query.set("bulletin", byId("bulletin").value);
  location.search = query;
});
byId("search").addEventListener("input", () => change({ search: byId("search").value }, { quietly: true }));
byId("tab-ranking").addEventListener("click", () => change({ tab: "ranking" }));
byId("tab-movers").addEventListener("click", () => change({ tab: "movers" }));
addEventListener("theme", () => {
  drawScores();
  if (view.region) drawRegion(false);
});
onChoose((region) => change({ region }));

onChange((changed) => {
  const scored = CHOICES.some((name) => changed.has(name));
  drawChoices();
  if (byId("search").value !== view.search) byId("search").value = view.search;
  if (changed.has("tab")) drawTab();
  if (scored) drawScores();
  else if (changed.has("tab") && view.tab === "movers") drawMovers(((mine) => () => mine === turn)(turn));
  else if (changed.has("search") || changed.has("region")) drawRanking();
  if (changed.has("region") && !scored) drawRing();
  if (changed.has("region") || (scored && view.region)) drawRegion(changed.has("region"));
});

// The panel and the jump to the ranking begin below what is always in view.
const header = document.querySelector(".top");
new ResizeObserver(() => {
  document.documentElement.style.setProperty("--top", `${header.offsetHeight}px`);
  document.documentElement.style.scrollPaddingTop = `${header.offsetHeight + 8}px`;
}).observe(header);

for (const id of ["atlas", "tabs"]) byId(id).hidden = false;
byId("show").hidden = true;
byId("search").value = view.search;
drawChoices();
drawTab();
drawBulletins().catch(() => { /* the newest can be looked at all the same */ });
drawScores();
if (view.region) drawRegion(true);
