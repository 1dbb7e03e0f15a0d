// Plotly's bundle, loaded once, when something is to be drawn.

let loading = null;

/** Return Plotly. Throws an Error for the reader where it does not load. */
export function plotly() {
  loading ??= new Promise((resolve, reject) => {
    // Without a base map of its own the geo plot would ask the network for one.
    const empty = { type: "GeometryCollection", geometries: [] };
    const layers = ["coastlines", "land", "ocean", "lakes", "rivers", "countries", "subunits"];
    const objects = Object.fromEntries(layers.map((name) => [name, empty]));
    const topology = { type: "Topology", objects, arcs: [] };
    window.PlotlyGeoAssets = { topojson: { world_110m: topology, world_50m: topology } };
    const script = document.createElement("script");
    script.src = new URL("./plotly.min.js", import.meta.url);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Error("The drawing library did not load."));
    document.head.append(script);
  });
  return loading;
}

/** A colour of the style sheet, as it is now. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
