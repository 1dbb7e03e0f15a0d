// Asking the API: relative addresses, one bulletin throughout, lists followed to their end.

const answers = new Map();

/** Return the JSON of an address, fetched once. Throws an Error whose message is for the reader. */
export function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, v]) => v !== null && v !== undefined));
  const address = `v1/${path}${query.size ? `?${query}` : ""}`;
  if (!answers.has(address)) {
    const answer = fetchJson(address);
    answers.set(address, answer);
    answer.catch(() => answers.delete(address)); // so that it can be tried again
  }
  return answers.get(address);
}

/** Return all items (or features) of a list, following `next`. */
export async function askAll(path, parameters) {
  const items = [];
  let query = parameters;
  while (query) {
    const page = await ask(path, query);
    items.push(...(page.items ?? page.features));
    // `next` is an address on the host; behind a prefix only its parameters are right.
    query = page.next ? Object.fromEntries(new URL(page.next, location.href).searchParams) : null;
  }
  return items;
}

async function fetchJson(address) {
  let response;
  try {
    response = await fetch(address, { credentials: "same-origin" });
  } catch {
    throw new Error("The service cannot be reached. Check the connection and try again.");
  }
  if (response.ok) return response.json();
  let detail = "";
  try {
    detail = (await response.json()).detail ?? "";
  } catch { /* no problem document */ }
  const reason = typeof detail === "string" && detail ? detail : `status ${response.status}`;
  throw new Error(`The service refused: ${reason}`);
}
