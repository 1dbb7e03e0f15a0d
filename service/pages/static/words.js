// How numbers, months and levels are written; and elements made of text alone.

export const LEVELS = ["low", "guarded", "elevated", "high", "critical"];
export const PLACES = { country: "countries", admin1: "regions", priogrid: "grid cells" };
export const TARGETS = {
  instability: "Instability", escalation: "Escalation", onset: "Onset", fatalities: "Deaths",
};

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

/** What is asked, in a sentence. */
export function question(target, horizon, targetMonth, threshold) {
  const deaths = `${number(threshold)} or more ${threshold === 1 ? "death" : "deaths"}`;
  const many = threshold === 1 ? "a death or more" : deaths;
  const to = month(targetMonth);
  if (target === "escalation")
    return `How likely is it that deaths, over the ${horizon} months to ${to}, at least double the average of the year before (and reach ${number(threshold)} a month)?`;
  if (target === "onset")
    return `How likely is any death in the ${horizon} months to ${to}, where there was none for two years?`;
  if (target === "fatalities")
    return `How many deaths in ${to}? Coloured by the probability of ${many}.`;
  return `How likely ${threshold === 1 ? "is" : "are"} ${many} in ${to}?`;
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

/** The word of a level with its colour beside it. */
export function levelMark(name) {
  if (!name) return el("span", { class: "level" }, "no level");
  return el("span", { class: "level" }, el("span", { class: `swatch ${name}`, "aria-hidden": "true" }), name);
}
