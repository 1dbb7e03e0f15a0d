// The map alone, in the frame of another page: a region opens the whole page beside it.

import { drawMaps, focus, onChoose } from "./map.js";

const state = JSON.parse(document.getElementById("state").textContent);
const whole = document.getElementById("whole");

onChoose((region) => {
  const address = new URL(whole.href);
  address.searchParams.set("region", region);
  window.open(address, "_blank", "noopener");
});
drawMaps(state).then(() => state.focus.length && focus(state.focus));
