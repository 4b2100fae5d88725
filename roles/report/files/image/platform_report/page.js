"use strict";
(() => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const root = document.documentElement;
  const charts = new Map();

  // As units.py does.
  function text(value, unit, decimals) {
    if (value === null || value === undefined || value === "") return "–";
    if (typeof value === "string" && Number.isNaN(Number(value))) return value;
    const of = data.units[unit];
    if (of.kind === "yes") return value ? "Yes" : "No";
    if (of.kind === "time") return new Date(Number(value)).toISOString().slice(0, 16).replace("T", " ");
    const number = Number(value) * (of.factor || 1);
    let step = of.steps[0];
    for (const candidate of of.steps) if (Math.abs(number) >= candidate[0]) step = candidate;
    if (number === 0) step = of.steps.find((candidate) => candidate[1] === 1) || step;
    const scaled = number / step[1];
    let places = decimals;
    if (places === null || places === undefined) places = Number.isInteger(scaled) || Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2;
    return (of.prefix || "") + scaled.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places }) + step[2];
  }

  function colour(name) {
    if (name === "transparent") return name;
    return getComputedStyle(root).getPropertyValue("--" + name).trim();
  }

  // An option with its placeholders filled in. A chart's own formatter is given a number, or an object that has it.
  function filled(value) {
    if (Array.isArray(value)) return value.map(filled);
    if (value === null || typeof value !== "object") return value;
    if ("$color" in value) return colour(value.$color);
    if ("$unit" in value) return (of) => text(of !== null && typeof of === "object" && !Array.isArray(of) ? of.value : Array.isArray(of) ? of[of.length - 1] : of, value.$unit, value.decimals);
    return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, filled(of)]));
  }

  function theme() {
    const line = colour("line"), soft = colour("soft");
    const size = parseFloat(getComputedStyle(root).fontSize) * 0.78;
    const axis = { axisLine: { lineStyle: { color: line } }, axisLabel: { color: soft, fontSize: size }, splitLine: { lineStyle: { color: line } }, nameTextStyle: { color: soft, fontSize: size } };
    return {
      color: ["green", "yellow", "blue", "orange", "red", "purple", "teal", "pink", "gray"].map(colour),
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, fontSize: size, color: colour("text") },
      legend: { textStyle: { color: colour("text"), fontSize: size }, pageTextStyle: { color: soft } },
      tooltip: { backgroundColor: colour("surface"), borderColor: line, textStyle: { color: colour("text"), fontSize: size } },
      visualMap: { textStyle: { color: soft } },
      valueAxis: axis, categoryAxis: { ...axis, splitLine: { show: false } }, timeAxis: { ...axis, splitLine: { show: false } },
      gauge: { title: { color: soft, fontSize: size } }, pie: { label: { color: colour("text"), fontSize: size } },
    };
  }

  function draw() {
    for (const chart of charts.values()) chart.dispose();
    charts.clear();
    for (const [id, option] of Object.entries(data.options)) {
      const element = document.getElementById("chart-" + id);
      const chart = echarts.init(element, theme(), { renderer: "svg" });
      chart.setOption({ animation: false, aria: { enabled: false }, ...filled(option) });
      charts.set(id, chart);
    }
    root.dataset.drawn = String(charts.size);
  }

  function choose(name) {
    root.dataset.theme = name;
    const button = document.querySelector("button.theme");
    button.textContent = name === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", "Show in " + (name === "dark" ? "light" : "dark") + " colours");
    draw();
  }

  document.querySelector("button.theme").addEventListener("click", () => choose(root.dataset.theme === "dark" ? "light" : "dark"));

  // Lineage: a column, all that it comes from, and all that comes from it.
  for (const area of document.querySelectorAll(".lineage")) {
    const edges = data.edges[area.dataset.dataset];
    const told = document.getElementById(area.getAttribute("aria-describedby"));
    area.addEventListener("click", (event) => {
      const chosen = event.target.closest("button");
      if (!chosen) return;
      const reach = (from, to) => {
        const found = new Set([chosen.dataset.column]);
        for (let grown = true; grown;) {
          grown = false;
          for (const edge of edges) if (found.has(edge[from]) && !found.has(edge[to])) { found.add(edge[to]); grown = true; }
        }
        return found;
      };
      const above = reach(1, 0), below = reach(0, 1);
      for (const button of area.querySelectorAll("button")) {
        const on = above.has(button.dataset.column) || below.has(button.dataset.column);
        button.classList.toggle("on", on);
        button.setAttribute("aria-pressed", String(on));
      }
      told.textContent = chosen.dataset.column.replace("|", ".") + ": comes from " + (above.size - 1) + " columns, " + (below.size - 1) + " come from it.";
    });
  }

  let waiting = 0;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(draw, 150); });
  choose(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
})();
