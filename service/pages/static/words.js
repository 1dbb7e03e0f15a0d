// How numbers, months and levels are written; and elements made of text alone.

import { start } from "./view.js";


/** A probability as people write it, never rounded to certainty. */
export function percent(p) {
  if (p < 0.01) return "<1%";
  return p > 0.99 ? ">99%" : `${Math.round(p * 100)}%`;
}

/** A difference of probabilities, in points. */
export function points(d) {
  const n = Math.round(Math.abs(d) * 100);
  if (n === 0) return "by less than a point";
  return `${d > 0 ? "+" : "−"}${n} ${n === 1 ? "point" : "points"}`;
}

export function number(x) {
  if (x === null || x === undefined) return "unknown";
  const digits = Math.abs(x) >= 10 || Number.isInteger(x) ? 0 : Math.abs(x) >= 1 ? 1 : 2;
  return x.toLocaleString("en", { maximumFractionDigits: digits });
}

/** `2025-01` as January 2025. */
export function month(text, style = "long") {
  const [year, m] = text.split("-").map(Number);
  const day = new Date(Date.UTC(year, m - 1, 1));
  return day.toLocaleDateString("en", { month: style, year: "numeric", timeZone: "UTC" });
}

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A text of a target with its placeholders filled in. */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

/** The question that a forecast answers. */
export function question(target, horizon, targetMonth, threshold) {
  return filled(start.targets[target].question, {
    horizon,
    month: month(targetMonth),
    threshold: number(threshold),
    deaths: threshold === 1 ? "one death or more" : `${number(threshold)} or more deaths`,
  });
}

/** What the probability of a score is of, and when. */
export function reached({ target, threshold, target_month: last }) {
  const spec = start.targets[target];
  const text = filled(spec.reached, { threshold: number(threshold) });
  return `${text}, ${spec.is_window ? "to" : "in"} ${month(last)}`;
}

/** An element with attributes and children; strings become text, never markup. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** The name of a risk level's colour and class, by its place among the levels. */
export const riskClass = (name) => `risk-${start.risk_levels.indexOf(name)}`;

/** The word of a level with its colour beside it. */
export function levelMark(name) {
  if (!name) return el("span", { class: "level" }, "no level");
  return el("span", { class: "level" }, el("span", { class: `swatch ${riskClass(name)}`, "aria-hidden": "true" }), name);
}
