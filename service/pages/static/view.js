// The view is in the address, so that it can be sent to a colleague.

export const start = JSON.parse(document.getElementById("state").textContent);

const parameters = () => Object.fromEntries(new URLSearchParams(location.search));

function read() {
  const query = parameters();
  return {
    level: query.level ?? start.view.level,
    ...nearest(query.target ?? start.view.target, Number(query.horizon ?? start.view.horizon)),
    region: query.region || null,
    search: query.search ?? "",
    tab: query.tab === "movers" ? "movers" : "ranking",
  };
}

/** The target at the horizon nearest to one that it is scored at. */
export function nearest(target, horizon) {
  const horizons = start.horizons[target] ?? [horizon];
  const best = horizons.reduce((a, b) => (Math.abs(b - horizon) < Math.abs(a - horizon) ? b : a));
  return { target, horizon: best };
}

export const view = read();
const listeners = [];

export function onChange(listener) {
  listeners.push(listener);
}

/** The address of the view with some changes. */
export function address(changes) {
  const next = { ...view, ...changes };
  const query = new URLSearchParams({ level: next.level, target: next.target, horizon: next.horizon });
  const bulletin = parameters().bulletin;
  if (bulletin) query.set("bulletin", bulletin);
  if (next.region) query.set("region", next.region);
  if (next.search) query.set("search", next.search);
  if (next.tab === "movers") query.set("tab", "movers");
  return `?${query}`;
}

/** Change the view and notify its listeners; `quietly` leaves no step to go back to. */
export function change(changes, { quietly = false } = {}) {
  const before = { ...view };
  const to = address(changes);
  Object.assign(view, changes);
  history[quietly ? "replaceState" : "pushState"](null, "", to);
  notify(before);
}

addEventListener("popstate", () => {
  const before = { ...view };
  Object.assign(view, read());
  notify(before);
});

function notify(before) {
  const changed = new Set(Object.keys(view).filter((key) => view[key] !== before[key]));
  if (changed.size) for (const listener of listeners) listener(changed);
}
