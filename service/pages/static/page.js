// The page: a change is an address; its parts are fetched and put in the place of the old ones.

import { drawMaps, emphasise, focus, onChoose, say, select } from "./map.js";

const PARTS = ["question", "facts", "choices", "months", "layers", "legend", "list", "list-title", "take", "languages"];
const byId = (id) => document.getElementById(id);
const panel = byId("panel");
let asking = new AbortController();
let state = JSON.parse(byId("state").textContent);

/** Fetch a page of ours; null when a later question has come between. */
async function fetched(address) {
  asking.abort();
  asking = new AbortController();
  document.body.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(address, { signal: asking.signal });
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch (error) {
    if (error.name !== "AbortError") say(byId("maps").dataset.slow);
    return null;
  } finally {
    document.body.removeAttribute("aria-busy");
  }
}

/** Show what an address shows, without loading the page again. */
async function go(address, { push = true } = {}) {
  const answer = await fetched(address);
  if (!answer?.getElementById("state")) {
    if (answer) location.assign(address);
    return;
  }
  if (push) history.pushState(null, "", address);
  const focused = document.activeElement?.id;
  for (const id of PARTS) {
    const [old, fresh] = [byId(id), answer.getElementById(id)];
    if (old && fresh) old.replaceWith(fresh);
  }
  if (focused && !document.activeElement?.id) byId(focused)?.focus({ preventScroll: true });
  document.title = answer.title;
  const before = String(state.focus);
  state = JSON.parse(answer.getElementById("state").textContent);
  const article = answer.getElementById("region");
  const left = article ? null : panel.querySelector("article")?.dataset.id;
  panel.replaceChildren(...(article ? [article] : []));
  if (byId("search") !== document.activeElement) byId("search").value = new URLSearchParams(location.search).get("search") ?? "";
  await draw();
  if (left && (!focused || !byId(focused))) {
    const link = document.querySelector(`#list [data-region="${CSS.escape(left)}"]`);
    (link ?? byId("ranking")).focus({ preventScroll: true });
  }
  if (String(state.focus) !== before) focus(state.focus);
}

async function draw() {
  byId("submit").hidden = true;
  for (const button of document.querySelectorAll("#take button")) button.hidden = false;
  try {
    await drawMaps(state);
    emphasise(new URLSearchParams(location.search).get("country"));
  } catch {
    say(byId("maps").dataset.slow);
  }
  settle();
}

/** Open a region beside the map: its page is fetched, and its article put into the panel. */
async function open(id) {
  const query = new URLSearchParams(location.search);
  query.delete("region");
  const address = new URL(`regions/${encodeURIComponent(id)}?${query}`, document.baseURI);
  const answer = await fetched(address);
  const article = answer?.getElementById("region");
  if (!article) return;
  for (const link of article.querySelectorAll("[href]")) link.href = new URL(link.getAttribute("href"), address).href;
  panel.replaceChildren(document.adoptNode(article));
  query.set("region", id);
  history.pushState(null, "", `?${query}`);
  byId("choices").elements.region.value = id;
  settle();
  byId("region-name").focus({ preventScroll: true });
  panel.scrollTop = 0;
}

/** Make room for the panel if a region is open, and mark it on map and list. */
function settle() {
  const id = panel.querySelector("article")?.dataset.id;
  panel.hidden = !id;
  byId("views").classList.toggle("with-region", Boolean(id));
  select(id);
  mark();
}

/** Mark the region that is open in the list. */
function mark() {
  const open = new URLSearchParams(location.search).get("region");
  for (const link of document.querySelectorAll("#list tr [data-region]")) {
    link.closest("tr").classList.toggle("open", link.dataset.region === open);
  }
}

/** The address of what the form says; what is left at its first value is left out. */
function chosen() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(byId("choices"))) {
    const isUsual = value === "" || (name === "show" && value === "now") || (name === "bulletin" && value === "latest");
    if (!isUsual) query.set(name, value);
  }
  return `?${query}`;
}

/** Keep a map as a picture: the server's drawing of it, painted here. */
async function keepPicture(button) {
  const drawing = await (await fetch(button.dataset.png)).blob();
  const address = URL.createObjectURL(drawing);
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  const link = document.createElement("a");
  link.href = canvas.toDataURL("image/png");
  link.download = button.dataset.name;
  link.click();
}

async function copyLink(button) {
  await navigator.clipboard.writeText(location.href);
  button.textContent = button.dataset.done;
}

const TAKE = { png: keepPicture, copy: copyLink, print: () => print() };
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#take button");
  const name = button && Object.keys(TAKE).find((one) => one in button.dataset);
  if (name) Promise.resolve(TAKE[name](button)).catch((error) => say(error.message));
});

let typing = 0;
document.addEventListener("change", (event) => {
  if (event.target.form?.id !== "choices" || event.target.id === "search") return;
  const query = new URLSearchParams(chosen());
  if (event.target.name === "level") ["region", "search"].forEach((name) => query.delete(name));
  go(`?${query}`);
});
byId("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => go(chosen()), 250);
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "choices") return;
  event.preventDefault();
  go(chosen());
});
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-view], a[data-region]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || !byId("maps")) return;
  event.preventDefault();
  if (link.dataset.region) open(link.dataset.region);
  else go(link.href);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden) panel.querySelector(".close").click();
});
onChoose(open);
addEventListener("popstate", () => go(location.href, { push: false }));

// What is always in view must not cover what is jumped to; on a phone it is a mark alone.
const header = document.querySelector(".top");
const phone = matchMedia("(max-width: 46rem)");
new ResizeObserver(() => {
  const seen = phone.matches ? header.querySelector(".mark") : header;
  document.documentElement.style.setProperty("--top", `${seen?.offsetHeight ?? 0}px`);
}).observe(document.body);

draw().then(() => state.focus.length && focus(state.focus));
