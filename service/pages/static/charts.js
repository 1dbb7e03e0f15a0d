// The drawings of one region: deaths so far with the forecast fan, and probability by horizon.

import { plotly, colour } from "./plotly.js";
import { capital, month, number, percent, riskClass } from "./words.js";

const MONTHS = 48;
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false, scrollZoom: false };

function layout(changes) {
  const axis = {
    gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"),
    tickfont: { size: 11, color: colour("quiet") }, fixedrange: true, automargin: true,
  };
  return {
    height: 220,
    margin: { l: 8, r: 8, t: 8, b: 8 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, sans-serif", color: colour("ink") },
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour("raised"), bordercolor: colour("line"), font: { color: colour("ink") } },
    dragmode: false,
    ...changes,
    xaxis: { ...axis, showgrid: false, ...changes.xaxis },
    yaxis: { ...axis, rangemode: "tozero", nticks: 5, ...changes.yaxis },
  };
}

/** Deaths a month, and what is forecast of them. Returns it in words. */
export async function drawHistory(box, months, forecasts) {
  const Plotly = await plotly();
  const past = months.filter((one) => one.observed).slice(-MONTHS);
  const day = (text) => `${text}-15`;
  const x = forecasts.map((one) => day(one.target_month));
  const q = (name) => forecasts.map((one) => one.quantiles[name]);
  const band = (low, high, fill, name) => [
    { x, y: q(low), mode: "lines", line: { width: 0 }, hoverinfo: "skip" },
    { x, y: q(high), mode: "lines", line: { width: 0 }, fill: "tonexty", fillcolor: fill,
      hoverinfo: "skip", name },
  ];
  const traces = [
    { type: "bar", x: past.map((one) => day(one.month)), y: past.map((one) => one.deaths),
      marker: { color: colour("past") }, name: "deaths", hovertemplate: "%{y:,.0f} deaths<extra></extra>" },
  ];
  if (forecasts.length) {
    traces.push(
      ...band("q05", "q95", colour("fan"), "9 of 10"),
      ...band("q25", "q75", colour("fan"), "half"),
      { x, y: q("q50"), mode: "lines", line: { color: colour("accent"), width: 2 }, name: "median",
        customdata: forecasts.map((one) => [one.quantiles.q05, one.quantiles.q95, one.mean]),
        hovertemplate: "median %{y:,.0f}; 9 of 10 from %{customdata[0]:,.0f} to %{customdata[1]:,.0f}; mean %{customdata[2]:,.1f}<extra></extra>" },
    );
  }
  const most = Math.max(...past.map((one) => one.deaths), 0);
  const far = Math.max(...q("q95"), 0);
  // A past peak must not flatten the fan: it is cut off, and the words say so.
  const cut = far > 0 && most > 5 * far ? Math.max(2 * far, quantile(past.map((one) => one.deaths), 0.9)) : null;
  await Plotly.react(box, traces, layout({
    bargap: 0.15,
    xaxis: { type: "date", hoverformat: "%B %Y" },
    yaxis: cut && cut < most ? { range: [0, cut] } : {},
  }), CONFIG);
  const first = forecasts[0];
  const words = [!past.length ? "No month before is known" : `${number(past.reduce((sum, one) => sum + one.deaths, 0))} deaths in the last ${past.length} observed months`];
  if (first) words.push(`for ${month(first.target_month)} a median of ${number(first.quantiles.q50)}, and in nine of ten cases ${number(first.quantiles.q05)} to ${number(first.quantiles.q95)}`);
  if (cut && cut < most) words.push(`the highest month, ${number(most)}, is cut off`);
  return `${words.join("; ")}.`;
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

/** The month; with the year where a year begins. */
function tick({ target_month: text }, i) {
  const [name, year] = month(text, "short").split(" ");
  return i === 0 || name === "Jan" ? `${name}<br>${year}` : name;
}

/** Probability by horizon; the chosen one stands out. Returns it in words. */
export async function drawHorizons(box, scores, horizon) {
  const Plotly = await plotly();
  const trace = {
    type: "bar",
    x: scores.map((one) => month(one.target_month)),
    y: scores.map((one) => one.probability),
    text: scores.map((one) => percent(one.probability).replace("<", "&lt;").replace(">", "&gt;")),
    textposition: "outside",
    textfont: { size: 11, color: colour("ink") },
    cliponaxis: false,
    customdata: scores.map((one) => [one.risk_level ?? "no level", one.horizon]),
    hovertemplate: "%{x}: %{text}, %{customdata[0]}; %{customdata[1]} months ahead<extra></extra>",
    marker: {
      color: scores.map((one) => colour(one.risk_level ? riskClass(one.risk_level) : "past")),
      line: {
        color: scores.map((one) => colour(one.horizon === horizon ? "ink" : "line")),
        width: scores.map((one) => (one.horizon === horizon ? 2 : 1)),
      },
    },
  };
  await Plotly.react(box, [trace], layout({
    height: 190,
    hovermode: "closest",
    margin: { l: 8, r: 8, t: 18, b: 8 },
    bargap: 0.3,
    xaxis: { type: "category", tickangle: 0, tickmode: "array", tickvals: scores.map((one) => month(one.target_month)), ticktext: scores.map(tick) },
    yaxis: { range: [0, 1], tickformat: ".0%", nticks: 3 },
  }), CONFIG);
  const words = scores.map((one) => `${month(one.target_month)} ${percent(one.probability)}${one.risk_level ? `, ${one.risk_level}` : ""}`);
  return capital(`${words.join("; ")}.`);
}
