// Draws the cluster before, during and after the chosen scenario. The page is complete without it: this only adds the
// drawing to what the tables say.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // Rows of numbers are made objects again; words are in data.texts.
  for (const s of data.scenarios) {
    const text = (i) => data.texts[i];
    s.outcomes = s.outcomes.map(([workload, kind, becomes, pods, least, after, needs, ...waiting]) =>
      ({ workload, class: text(kind), becomes: text(becomes), pods, least, after, needs, waiting: waiting.map(text) }));
    s.changes = s.changes.map(([pod, workload, from, to, why]) => ({ pod: text(pod), workload, from, to, why: text(why) || undefined }));
  }
  const $ = (id) => document.getElementById(id);
  // Of more nodes than this, those that hold the same are drawn together.
  const few = 60;
  // In a large cluster, so many nodes of a zone are drawn apart, the ones to which something happens first.
  const apart = 12;
  // On a node, more pods of one workload than this are drawn as one with their number.
  const single = 4;

  // make builds an element: attributes, then children, of which text is text and never markup.
  function make(tag, attributes, ...children) {
    const svg = ["svg", "use", "text", "path", "circle"].includes(tag);
    const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [key, value] of Object.entries(attributes ?? {})) if (value !== undefined) e.setAttribute(key, value);
    e.append(...children.filter((c) => c !== null && c !== undefined));
    return e;
  }

  function mark(workload, state) {
    const w = data.workloads[workload];
    const svg = make("svg", { class: `mark k${w.colour}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
      make("use", { href: `#shape-${w.shape}` }), make("text", { x: 12, y: 12, class: w.letter.length > 1 ? "two" : undefined }, w.letter));
    if (state === "lost") svg.append(make("path", { class: "strike", d: "M1 23 23 1" }));
    if (state === "arrived") svg.append(make("circle", { class: "badge", cx: 21, cy: 3, r: 5.5 }), make("path", { class: "sign", d: "M18.5 3h5M21 .5v5" }));
    return svg;
  }

  const words = { lost: "lost", leaving: "is moved or replaced", arrived: "new here", waiting: "finds no node" };

  function pod(p) {
    const said = `${p.name}, ${data.workloads[p.workload].name}${p.state ? ", " + words[p.state] : ""}${p.why ? ": " + p.why : ""}`;
    return make("li", { class: `pod ${p.state ?? ""}`, title: said }, mark(p.workload, p.state));
  }

  // pods lists what is on a node, a workload's many pods as one mark and their number.
  function pods(all) {
    const list = make("ul", { class: "pods" });
    const kinds = Map.groupBy(all, (p) => `${p.workload} ${p.state ?? ""}`);
    for (const same of kinds.values()) {
      if (same.length <= single) { list.append(...same.map(pod)); continue; }
      const one = pod({ ...same[0], name: `${same.length} pods`, why: undefined });
      one.append(`×${same.length}`);
      list.append(one);
    }
    return list;
  }

  // world is where the pods are after the first changes of a scenario: on their nodes, or waiting (under -1). Those that
  // went are still shown until the end, and on lost nodes for good.
  function world(scenario, changes, end) {
    const on = new Map();
    const put = (p) => { if (!on.has(p.node)) on.set(p.node, []); on.get(p.node).push(p); };
    const take = (p) => on.set(p.node, on.get(p.node).filter((other) => other !== p));
    const known = new Map();
    for (const p of data.pods) {
      const now = { ...p, state: p.node < 0 ? "waiting" : undefined };
      known.set(`${p.workload} ${p.name}`, now);
      put(now);
    }
    for (const c of scenario.changes.slice(0, changes)) {
      const key = `${c.workload} ${c.pod}`;
      const before = known.get(key);
      if (before && before.node >= 0 && c.from === before.node) {
        const lost = scenario.lost.includes(before.node);
        if (lost || !end) Object.assign(before, { state: lost ? "lost" : "leaving", why: c.why }); else take(before);
      }
      if (before && before.node < 0) take(before);
      if (c.to < 0 && (c.from >= 0 || !c.why)) continue;
      const now = { name: c.pod, workload: c.workload, node: c.to, why: c.why, state: c.to < 0 ? "waiting" : "arrived" };
      known.set(key, now);
      put(now);
    }
    return on;
  }

  // worst is after how many changes the fewest pods run: what is drawn as the moment during a scenario.
  function worst(scenario) {
    let running = 0, least = Infinity, at = 0;
    scenario.changes.forEach((c, i) => {
      running += (c.to >= 0 ? 1 : 0) - (c.from >= 0 ? 1 : 0);
      if (running < least) [least, at] = [running, i + 1];
    });
    return at;
  }

  // state is what happens to a node.
  const state = (scenario, node, moment) =>
    moment === "before" ? "" : scenario.lost.includes(node) ? "away" : scenario.drained.includes(node) ? "drained" : "";

  const stateWords = { away: "lost", drained: "drained" };

  function drawNode(names, all, now) {
    const label = names.length === 1 ? names[0] : `${names[0]} and ${(names.length - 1).toLocaleString("en")} more`;
    return make("div", { class: `node ${now}` },
      make("div", { class: "name" }, make("span", {}, label), now ? make("span", { class: "state" }, stateWords[now]) : null),
      pods(all));
  }

  // groups are the nodes of a zone as they are drawn: each for itself, or in a large cluster those that hold the same together.
  function groups(nodes, on, scenario, moment, touched) {
    if (data.nodes.length <= few) return nodes.map((n) => [n]);
    const taken = (n) => scenario.lost.includes(n) || scenario.drained.includes(n);
    const rank = (n) => (touched.has(n) ? 0 : 1) + (taken(n) ? 0 : .5);
    const sorted = nodes.toSorted((a, b) => rank(a) - rank(b) || (on.get(b)?.length ?? 0) - (on.get(a)?.length ?? 0) || a - b);
    const interesting = sorted.filter((n, i) => i < apart && (touched.has(n) || taken(n)));
    const chosen = new Set(interesting);
    const rest = Map.groupBy(nodes.filter((n) => !chosen.has(n)), (n) =>
      state(scenario, n, moment) + (on.get(n) ?? []).map((p) => `${p.workload}${p.state ?? ""}`).sort().join());
    const alike = [...rest.values()].sort((a, b) => b.length - a.length || a[0] - b[0]);
    return [...interesting.map((n) => [n]), ...alike.slice(0, apart), ...(alike.length > apart ? [alike.slice(apart).flat()] : [])];
  }

  function draw() {
    const scenario = data.scenarios[chosen()];
    const moment = document.querySelector("[name=moment]:checked").value;
    const on = world(scenario, { before: 0, during: worst(scenario), after: scenario.changes.length }[moment], moment === "after");
    const touched = new Set(scenario.changes.flatMap((c) => [c.from, c.to]));
    const zones = Map.groupBy(data.nodes.keys(), (n) => data.nodes[n].zone);
    const boxes = [...zones.keys()].sort((a, b) => a - b).map((zone) => make("div", { class: "zone" },
      make("div", { class: "name" }, zone < 0 ? (data.zones.length ? "in no zone" : "nodes") : data.zones[zone]),
      make("div", { class: "nodes" }, ...groups(zones.get(zone), on, scenario, moment, touched).map((group) =>
        drawNode(group.map((n) => data.nodes[n].name), group.length > 1 && new Set(group.map((n) => (on.get(n) ?? []).length)).size > 1 ? group.flatMap((n) => on.get(n) ?? []) : on.get(group[0]) ?? [], state(scenario, group[0], moment))))));
    const waiting = on.get(-1) ?? [];
    if (waiting.length) boxes.push(make("div", { class: "zone waits" }, make("div", { class: "name" }, "Waiting, for no node takes them"), pods(waiting)));
    const states = new Set([...on.values()].flat().map((p) => p.state).filter(Boolean));
    if (states.size) boxes.push(key(states));
    $("cluster").replaceChildren(...boxes);
    $("when").textContent = scenario.when;
    $("said").textContent = said(scenario, moment);
    $("outcomes").replaceChildren(...outcomes(scenario));
  }

  // key explains how the pods are drawn that something happens to.
  function key(states) {
    return make("ul", { class: "key" }, ...["lost", "leaving", "arrived", "waiting"].filter((s) => states.has(s)).map((s) =>
      make("li", { class: `pod ${s}` }, mark(0, s), words[s])));
  }

  function said(scenario, moment) {
    if (moment === "before") return "As the scheduler placed the pods, before anything happens.";
    const count = (n, of) => `${n} ${of}${n === 1 ? "" : "s"}`;
    const bad = scenario.outcomes.filter((o) => o.class !== "serves").map((o) => `${data.workloads[o.workload].name} ${o.becomes}`);
    const verdict = bad.length ? bad.join("; ") + "." : "Every workload goes on.";
    const stuck = scenario.stuck ? ` It does not end: ${scenario.stuck}.` : "";
    const lost = scenario.changes.filter((c) => scenario.lost.includes(c.from)).length;
    const moved = scenario.changes.filter((c) => c.from >= 0).length - lost;
    const come = scenario.changes.filter((c) => c.to >= 0).length;
    const counts = moment === "during" ? [lost && `${count(lost, "pod")} lost.`, moved && `${count(moved, "pod")} moved or replaced, one after the other as budgets and strategy allow; drawn is the moment with the fewest.`] : [come && `${count(come, "pod")} placed anew.`];
    return [...counts, verdict + stuck].filter(Boolean).join(" ");
  }

  function outcomes(scenario) {
    $("outcomes").classList.toggle("long", scenario.outcomes.length > 40);
    if (!scenario.outcomes.length) return [];
    const heads = ["Workload", "Pods", "At worst", "In the end", "Needs", "Verdict"];
    const head = make("tr", {}, ...heads.map((text, i) => make("th", { scope: "col", class: i > 0 && i < 5 ? "number" : undefined }, text)));
    const fails = (o) => (o.class === "serves" ? 1 : 0);
    const rows = scenario.outcomes.toSorted((a, b) => fails(a) - fails(b)).map((o) => make("tr", {},
      make("th", { scope: "row" }, make("span", { class: "named" }, mark(o.workload), make("span", {}, data.workloads[o.workload].name))),
      ...[o.pods, o.least, o.after, o.needs].map((n, i) => make("td", { class: "number", "data-head": heads[i + 1] }, String(n))),
      make("td", { "data-head": heads[5] }, make("span", { class: `verdict ${o.class}` }, o.becomes), ...o.waiting.map((why) => make("p", { class: "quiet" }, why)))));
    return [make("table", { class: "cards" }, make("thead", {}, head), make("tbody", {}, ...rows))];
  }

  const chosen = () => Number(document.querySelector("[name=scenario]:checked").value);

  function choose(id) {
    const radio = $(`scenario-${id}`);
    radio.checked = true;
    draw();
    // Only the list scrolls, not the page under somebody's eyes.
    const list = radio.closest(".list");
    list.scrollTop += radio.parentElement.getBoundingClientRect().top - list.getBoundingClientRect().top - 40;
  }

  document.documentElement.classList.add("js");
  $("places").open = false;
  $("failing").closest("label").hidden = !document.querySelector(".scenario:not(.harmless)") || data.scenarios.length < few / 5;
  $("failing").addEventListener("change", (e) => $("scenarios").classList.toggle("only-failing", e.target.checked));
  $("scenarios").addEventListener("submit", (e) => e.preventDefault());
  document.addEventListener("change", (e) => { if (["scenario", "moment"].includes(e.target.name)) draw(); });
  document.addEventListener("click", (e) => {
    const link = e.target.closest("[data-scenario]");
    if (!link) return;
    e.preventDefault();
    choose(link.dataset.scenario);
    $("play").scrollIntoView();
    $(`scenario-${link.dataset.scenario}`).focus({ preventScroll: true });
  });
  // A page opened at a scenario shows it.
  const asked = location.hash.match(/^#scenario-(\d+)$/)?.[1];
  const start = data.scenarios[asked] ? asked : data.start;
  choose(start);
})();
