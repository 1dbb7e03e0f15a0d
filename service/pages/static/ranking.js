// The ranked table with its search, and the list of the biggest moves.

import { ask } from "./api.js";
import { start, view, address, change } from "./view.js";
import { el, levelMark, month, number, percent, points, riskClass } from "./words.js";

const PAGE = 50;
const MOVERS = 25;
const byId = (id) => document.getElementById(id);
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

let scores = [];
let limit = PAGE;

/** A link that opens a region; it can be copied or opened elsewhere too. */
export function regionLink(id, name) {
  return el("a", { href: address({ region: id }), "data-region": id }, name || id);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-region]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  change({ region: link.dataset.region });
});

/** Rank scores: by probability, downwards. */
export function setScores(all) {
  scores = [...all]
    .sort((a, b) => b.probability - a.probability || (a.region < b.region ? -1 : 1))
    .map((score, i) => ({ ...score, rank: i + 1, key: plain(`${score.name} ${score.country} ${score.region}`) }));
  limit = PAGE;
  drawRanking();
}

export function drawRanking() {
  const search = plain(view.search.trim());
  const matches = search ? scores.filter((score) => score.key.includes(search)) : scores;
  byId("rows").replaceChildren(...matches.slice(0, limit).map(row));
  byId("more").hidden = matches.length <= limit;
  byId("caption").textContent = "Scores from the highest down";
  byId("ranked").hidden = view.tab !== "ranking" || !matches.length;
  if (view.tab === "ranking") byId("list-note").textContent = note(matches.length, search);
}

function note(matches, search) {
  const places = start.places[view.level];
  if (!scores.length) return `This bulletin has no such scores of ${places}.`;
  if (search && !matches) return `None of ${number(scores.length)} ${places} has “${view.search.trim()}” in its name.`;
  return search ? `${number(matches)} of ${number(scores.length)} ${places}` : `${number(scores.length)} ${places}, highest first`;
}

function row(score) {
  const width = `${(score.probability * 100).toFixed(1)}%`;
  const fill = el("span", { class: `fill ${riskClass(score.risk_level)}` });
  fill.style.width = width;
  return el("tr", { class: score.region === view.region ? "open" : null },
    el("td", { class: "number quiet" }, number(score.rank)),
    el("th", { scope: "row" }, regionLink(score.region, score.name),
      score.level === "country" ? null : " ", score.level === "country" ? null : el("small", {}, score.country)),
    el("td", { class: "chance" }, el("span", { class: "track" }, fill), percent(score.probability)),
    el("td", {}, levelMark(score.risk_level)));
}

byId("more").addEventListener("click", () => {
  const first = limit;
  limit += 4 * PAGE;
  drawRanking();
  byId("rows").rows[first]?.querySelector("a")?.focus();
});

/** Show the regions whose scores changed most since the bulletin before. */
export async function drawMovers(isCurrent) {
  const list = byId("movers");
  byId("list-note").textContent = "Loading the moves…";
  const { level, target, horizon } = view;
  try {
    const query = { level, target, horizon, limit: MOVERS, bulletin: start.bulletin };
    const { items, previous } = await ask("movers", query);
    if (!isCurrent()) return;
    byId("list-note").textContent = items.length
      ? `Since the bulletin of ${month(previous.slice(0, 7))}`
      : "There is nothing to compare with: no earlier bulletin has these scores.";
    list.replaceChildren(el("ol", { class: "moves" }, ...items.map(move)));
  } catch (error) {
    if (isCurrent()) byId("list-note").textContent = error.message;
  }
}

function move(item) {
  const up = item.difference > 0;
  return el("li", {},
    el("p", { class: "move" },
      el("span", {}, regionLink(item.region, item.name), item.level === "country" ? "" : " ",
        item.level === "country" ? null : el("small", {}, item.country)),
      el("span", { class: "step" }, el("span", { "aria-hidden": "true" }, up ? "▲ " : "▼ "), points(item.difference))),
    el("p", { class: "quiet" },
      `${percent(item.previous_probability)} → ${percent(item.probability)}`, item.risk_level ? `, now ${item.risk_level}` : ""),
    item.sentence ? el("p", {}, item.sentence) : null);
}

/** Show the list that is chosen. */
export function drawTab() {
  const movers = view.tab === "movers";
  byId("tab-ranking").setAttribute("aria-pressed", String(!movers));
  byId("tab-movers").setAttribute("aria-pressed", String(movers));
  byId("movers").hidden = !movers;
  byId("search-label").hidden = movers;
  drawRanking();
}
