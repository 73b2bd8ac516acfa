"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const map = document.getElementById("map");
  const legend = document.getElementById("legend");
  const tip = document.getElementById("tip");
  const halves = [...map.querySelectorAll(".half")];
  const crosses = [...map.querySelectorAll(".cross")];
  const hidden = new Set();
  const chosen = (name) => Number(document.querySelector(`input[name=${name}]:checked`).value);
  const classNames = { down: "down", absent: "no figure" };

  const view = { x: 0, y: 0, width: 1000, height: data.drawings[0].height };

  function look() {
    map.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
    map.classList.toggle("zoomed", view.width < 999);
  }

  function showAll() {
    const drawing = data.drawings[document.querySelector("input[name=drawing]") ? chosen("drawing") : 0];
    Object.assign(view, { x: 0, y: 0, width: 1000, height: drawing.height });
    look();
  }

  function zoom(factor, atX = 0.5, atY = 0.5) {
    if (!factor || view.width / factor >= 1000) return showAll();
    const [width, height] = [view.width / factor, view.height / factor];
    Object.assign(view, { x: view.x + (view.width - width) * atX, y: view.y + (view.height - height) * atY, width, height });
    look();
  }

  function pan(event) {
    if (event.buttons !== 1 || view.width > 999) return;
    const box = map.getBoundingClientRect();
    view.x -= (event.movementX / box.width) * view.width;
    view.y -= (event.movementY / box.height) * view.height;
    look();
  }

  function zoomByWheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = map.getBoundingClientRect();
    zoom(event.deltaY < 0 ? 1.25 : 0.8, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  }

  function paint() {
    const metric = data.metrics[chosen("metric")];
    const classes = metric.classes[chosen("case")];
    map.setAttribute("class", `${metric.palette}${document.getElementById("show-labels").checked ? "" : " unnamed"}`);
    look();
    halves.forEach((half, i) => {
      half.setAttribute("class", `half c${classes[i]}${hidden.has(classes[i]) ? " off" : ""}`);
      crosses[i].toggleAttribute("hidden", classes[i] !== "down" || hidden.has("down"));
    });
    const gone = new Set(data.downNodes[chosen("case")]);
    map.querySelectorAll(".node").forEach((node) => node.classList.toggle("gone", gone.has(node.dataset.id)));
    drawLegend(metric, classes);
  }

  function move() {
    const drawing = data.drawings[chosen("drawing")];
    showAll();
    map.querySelector(".grid").toggleAttribute("hidden", !drawing.isGeographic);
    halves.forEach((half, i) => half.setAttribute("d", drawing.paths[i]));
    crosses.forEach((cross, i) => cross.setAttribute("d", `M${drawing.middles[i][0] - 5} ${drawing.middles[i][1] - 5}l10 10m0 -10l-10 10`));
    map.querySelectorAll(".node, .name").forEach((mark) => {
      const [x, y, labelX, labelY, anchor] = drawing.nodes[mark.dataset.id];
      const place = mark.matches(".node") ? { cx: x, cy: y } : { x: labelX, y: labelY, "text-anchor": anchor || "middle" };
      Object.entries(place).forEach(([name, value]) => mark.setAttribute(name, value));
      if (mark.matches(".name")) mark.toggleAttribute("hidden", !anchor);
    });
  }

  function drawLegend(metric, classes) {
    const count = {};
    classes.forEach((name) => { count[name] = (count[name] || 0) + 1; });
    const names = metric.classLabels.map((_, k) => String(k)).concat(["down", "absent"].filter((name) => count[name]));
    legend.replaceChildren(document.createTextNode(`${metric.label}:`), ...names.map((name) => legendButton(metric, name, count[name] || 0)));
  }

  function legendButton(metric, name, count) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.class = name;
    button.setAttribute("aria-pressed", String(!hidden.has(name)));
    const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    sample.setAttribute("class", metric.palette);
    sample.setAttribute("aria-hidden", "true");
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("d", "M0 6H30");
    line.setAttribute("class", `c${name}`);
    sample.append(line);
    button.append(sample, `${metric.classLabels[Number(name)] || classNames[name]} (${count})`);
    button.addEventListener("click", () => {
      if (!hidden.delete(name)) hidden.add(name);
      paint();
      legend.querySelector(`[data-class="${name}"]`).focus();
    });
    return button;
  }

  function linkText(i) {
    const current = chosen("case");
    const lines = data.metrics.map((metric) => `${metric.label}: ${metric.texts[current][i]}`);
    return [halves[i].dataset.id, data.cases[current], ...lines].join("\n");
  }

  function nodeText(node) {
    return node.classList.contains("gone") ? `${node.dataset.id}\ndown` : node.dataset.id;
  }

  function showTip(event) {
    const target = event.target;
    const text = target.matches?.(".half") ? linkText(Number(target.dataset.i)) : target.matches?.(".node") ? nodeText(target) : "";
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const x = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    const y = event.clientY + 14 + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : event.clientY + 14;
    tip.style.left = `${x}px`;
    tip.style.top = `${y}px`;
  }

  function findRow(id) {
    document.querySelectorAll("#links tr.found").forEach((row) => row.classList.remove("found"));
    const row = [...document.querySelectorAll("#links tbody tr")].find((each) => each.dataset.id === id);
    if (!row) return;
    row.hidden = false;
    row.classList.add("found");
    row.scrollIntoView({ block: "center" });
  }

  function sortBy(header) {
    const table = header.closest("table");
    const column = header.cellIndex;
    const down = header.getAttribute("aria-sort") !== "descending";
    table.querySelectorAll("th[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => (column === 0 ? row.dataset.id : Number(row.cells[column].dataset.v));
    const compare = (a, b) => (column === 0 ? key(b).localeCompare(key(a)) : key(b) - key(a));
    const rows = [...table.tBodies[0].rows].sort((a, b) => (down ? compare(a, b) : -compare(a, b)));
    table.tBodies[0].append(...rows);
  }

  function filterRows(input) {
    const wanted = input.value.trim().toLowerCase();
    for (const row of document.getElementById(input.dataset.table).tBodies[0].rows) {
      row.hidden = !row.dataset.id.toLowerCase().includes(wanted);
    }
  }

  document.querySelectorAll("input[name=case], #show-labels").forEach((input) => input.addEventListener("change", paint));
  document.querySelectorAll("input[name=metric]").forEach((input) => input.addEventListener("change", () => { hidden.clear(); paint(); }));
  document.querySelectorAll("input[name=drawing]").forEach((input) => input.addEventListener("change", move));
  document.querySelectorAll(".sortable thead th").forEach((th) => th.firstElementChild.addEventListener("click", () => sortBy(th)));
  document.querySelectorAll("input[type=search]").forEach((input) => input.addEventListener("input", () => filterRows(input)));
  document.querySelectorAll("#links tbody tr").forEach((row) => {
    const own = halves.filter((half) => half.dataset.id === row.dataset.id);
    row.addEventListener("mouseenter", () => own.forEach((half) => half.classList.add("lit")));
    row.addEventListener("mouseleave", () => own.forEach((half) => half.classList.remove("lit")));
  });
  map.addEventListener("pointermove", showTip);
  map.addEventListener("pointermove", pan);
  map.addEventListener("wheel", zoomByWheel, { passive: false });
  document.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => zoom(Number(button.dataset.zoom))));
  map.addEventListener("pointerleave", () => { tip.hidden = true; });
  map.addEventListener("click", (event) => { if (event.target.matches?.(".half")) findRow(event.target.dataset.id); });
  paint();
})();
