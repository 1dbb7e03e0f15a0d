// The region that is open: what was, what is forecast, why, around it, and how forecasts did.

import { ask } from "./api.js";
import { drawHistory, drawHorizons } from "./charts.js";
import { regionLink } from "./ranking.js";
import { start, view, change } from "./view.js";
import { capital, el, levelMark, month, number, percent, reached } from "./words.js";

const panel = document.getElementById("region");
const title = document.getElementById("region-name");
const place = document.getElementById("region-place");
const body = document.getElementById("region-body");

const covers = matchMedia("(max-width: 68rem)");

/** Where the panel covers the page, nothing beneath it can be reached. */
function shield() {
  document.querySelector("main").inert = Boolean(view.region) && covers.matches;
}
covers.addEventListener("change", shield);

let turn = 0;
let last = null;

document.getElementById("close").addEventListener("click", () => change({ region: null }));
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && view.region) change({ region: null });
});

/** Open, change or close the panel, as the view says. `moved`: whether another region was chosen. */
export async function drawRegion(moved) {
  const mine = ++turn;
  document.body.classList.toggle("with-region", Boolean(view.region));
  shield();
  if (!view.region) return close();
  panel.hidden = false;
  const id = view.region;
  last = id;
  if (moved) {
    title.textContent = id;
    place.textContent = "";
    body.replaceChildren(el("p", { class: "message", role: "status" }, "Loading the region…"));
    title.focus({ preventScroll: true });
    panel.scrollTop = 0;
  }
  try {
    const at = { bulletin: start.bulletin };
    const [profile, history] = await Promise.all([
      ask(`scores/${encodeURIComponent(id)}`, at),
      ask(`regions/${encodeURIComponent(id)}/history`, at).catch((error) => ({ months: [], error })),
    ]);
    if (mine === turn) await fill(profile, history);
  } catch (error) {
    if (mine === turn) body.replaceChildren(el("p", { class: "message", role: "alert" }, error.message));
  }
}

function close() {
  if (panel.hidden) return;
  panel.hidden = true;
  // Back to where it stands in the list, which was drawn again.
  const links = [...document.querySelectorAll(".lists a[data-region]")];
  const link = links.find((one) => one.dataset.region === last && one.getClientRects().length);
  (link ?? document.getElementById("ranking")).focus({ preventScroll: true });
}

async function fill(profile, history) {
  const { region, scores } = profile;
  title.textContent = region.name || region.id;
  place.textContent = region.level === "country" ? region.id : `${region.country} · ${region.id}`;
  const past = figure("Deaths a month, and the forecast");
  const ahead = figure(`${start.targets[view.target].title}, by month`);
  body.replaceChildren(
    verdict(scores),
    past.node, ahead.node,
    reasons(profile.drivers ?? []),
    neighbours(profile.neighbours ?? []),
    earlier(profile.earlier ?? []),
    el("p", {}, el("a", { href: `v1/scores/${encodeURIComponent(region.id)}?bulletin=${start.bulletin}` }, "All of it as JSON")));
  const byHorizon = (some) => some.sort((a, b) => a.horizon - b.horizon);
  const forecasts = byHorizon(scores.filter((score) => score.quantiles));
  if (history.months.length || forecasts.length) past.show(await drawHistory(past.box, history.months, forecasts));
  else past.fail(history.error?.message ?? "This bulletin keeps no history of the region.");
  const shown = byHorizon(scores.filter((score) => score.target === view.target));
  if (shown.length) ahead.show(await drawHorizons(ahead.box, shown, view.horizon), false);
  else ahead.fail("The region has no such score.");
}

function section(name, ...children) {
  return el("section", {}, el("h3", {}, name), ...children);
}

function figure(name) {
  const box = el("div", { class: "chart", role: "img", "aria-label": name });
  const words = el("p", { class: "quiet words" });
  return {
    node: section(name, box, words),
    box,
    show(text, isShown = true) { words.textContent = isShown ? text : ""; box.setAttribute("aria-label", `${name}: ${text}`); },
    fail(text) { box.remove(); words.textContent = text; },
  };
}

function verdict(scores) {
  const score = scores.find((one) => one.target === view.target && one.horizon === view.horizon);
  if (!score) return el("p", { class: "verdict" }, `No score of ${view.target} ${view.horizon} months ahead here.`);
  return el("div", { class: "verdict" },
    el("p", { class: "big" }, percent(score.probability)),
    el("p", {}, levelMark(score.risk_level), el("br"),
      el("span", { class: "quiet" }, `probability of ${reached(score)}`)));
}

function reasons(drivers) {
  const target = start.targets[view.target].shares;
  const driver = drivers.find((one) => one.target === target && one.horizon === view.horizon);
  if (!driver) return section("Why", el("p", { class: "quiet" }, "This bulletin gives no reasons for this score."));
  const usual = driver.baseline === "own" ? "what is usual here" : "what is usual over all regions";
  const most = Math.max(...driver.families.map((one) => Math.abs(one.contribution)), 0.01);
  const bars = driver.families.map(({ name, contribution }) => {
    const fill = el("span", { class: contribution > 0 ? "up" : "down" });
    fill.style.width = `${(Math.abs(contribution) / most) * 50}%`;
    return el("tr", {},
      el("th", { scope: "row" }, name), el("td", { class: "drive" }, fill),
      el("td", { class: "number" }, effect(contribution)));
  });
  const rows = driver.indicators.map((one) => el("li", {},
    `${capital(one.meaning ?? one.name)}: `, el("b", {}, number(one.value)),
    one.usual === null || one.usual === undefined ? "" : `, usually ${number(one.usual)}`,
    one.unit ? el("span", { class: "quiet" }, ` ${one.unit}`) : null));
  return section("Why",
    driver.sentence ? el("p", { class: "sentence" }, driver.sentence) : null,
    el("p", { class: "quiet" }, `What moves it from ${usual}, ${percent(driver.usual_probability)}, in log-odds:`),
    el("table", { class: "drivers" }, el("caption", { class: "unseen" }, "What raises and lowers the score"), el("tbody", {}, ...bars)),
    rows.length ? el("ul", { class: "indicators" }, ...rows) : null);
}

function effect(contribution) {
  const size = Math.abs(contribution).toFixed(2);
  return size === "0.00" ? "no effect" : `${contribution > 0 ? "raises" : "lowers"} ${size}`;
}

function neighbours(list) {
  if (!list.length) return section("Neighbours", el("p", { class: "quiet" }, "None are known."));
  const rows = list
    .map((one) => ({ ...one, score: one.scores.find((s) => s.target === view.target && s.horizon === view.horizon) }))
    .sort((a, b) => (b.score?.probability ?? -1) - (a.score?.probability ?? -1))
    .map((one) => el("tr", {},
      el("th", { scope: "row" }, regionLink(one.region, one.name), " ", el("small", {}, one.country)),
      el("td", { class: "number" }, one.score ? percent(one.score.probability) : "no score"),
      el("td", {}, one.score ? levelMark(one.score.risk_level) : "")));
  return section("Neighbours", el("table", {}, el("caption", { class: "unseen" }, "Neighbours and their scores"), el("tbody", {}, ...rows)));
}

function earlier(list) {
  const name = "Earlier bulletins, and what happened";
  const rows = list
    .filter((one) => one.target === view.target && (one.outcome !== null || one.horizon === view.horizon))
    .sort((a, b) => (a.target_month < b.target_month ? 1 : a.target_month > b.target_month ? -1 : b.horizon - a.horizon))
    .slice(0, 24)
    .map((one) => el("tr", {},
      el("td", {}, month(one.target_month, "short")),
      el("td", {}, month(one.origin, "short")),
      el("td", { class: "number" }, percent(one.probability)),
      el("td", {}, outcome(one))));
  if (!rows.length) return section(name, el("p", { class: "quiet" }, "No earlier bulletin said anything of these months."));
  const head = ["About", "Said from", "Probability", "What happened"];
  return section(name, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": name },
    el("table", {},
      el("caption", { class: "unseen" }, name),
      el("thead", {}, el("tr", {}, ...head.map((text, i) => el("th", { scope: "col", class: i === 2 ? "number" : null }, text)))),
      el("tbody", {}, ...rows))));
}

function outcome({ outcome: came, deaths }) {
  if (came === null) return el("span", { class: "quiet" }, "not known yet");
  const count = deaths === null ? "" : ` (${number(deaths)} deaths${start.targets[view.target].is_window ? " a month" : ""})`;
  return el("span", {}, el("b", {}, came ? "came true" : "did not"), count);
}
