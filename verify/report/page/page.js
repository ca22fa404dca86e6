// Draws the cluster before, during and after the selected scenario. The page is complete without this script: it only adds a
// drawing to the tables.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // Turn rows of indexes into objects; their words are in data.texts.
  for (const s of data.scenarios) {
    const text = (i) => data.texts[i];
    s.outcomes = s.outcomes.map(([workload, verdict, effect, pods, least, after, needs, ...pending]) =>
      ({ workload, class: text(verdict), effect: text(effect), pods, least, after, needs, pending: pending.map(text) }));
    s.changes = s.changes.map(([pod, workload, from, to, why]) => ({ pod: text(pod), workload, from, to, why: text(why) || undefined }));
  }
  const $ = (id) => document.getElementById(id);
  // In clusters with more nodes than this, nodes with the same pods are drawn together.
  const few = 60;
  // In such clusters, up to this many nodes of a zone are drawn one by one, affected nodes first.
  const separate = 12;
  // On a node, more pods of one workload than this are drawn as one mark with their number.
  const single = 4;

  // make builds an element from attributes and children. Strings become text, never markup.
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
    if (state === "failed") svg.append(make("path", { class: "strike", d: "M1 23 23 1" }));
    if (state === "arrived") svg.append(make("circle", { class: "badge", cx: 21, cy: 3, r: 5.5 }), make("path", { class: "sign", d: "M18.5 3h5M21 .5v5" }));
    return svg;
  }

  const words = { failed: "on a failed node", leaving: "moved or replaced", arrived: "new on this node", pending: "Pending" };

  function pod(p) {
    const title = `${p.name}, ${data.workloads[p.workload].name}${p.state ? ", " + words[p.state] : ""}${p.why ? ": " + p.why : ""}`;
    return make("li", { class: `pod ${p.state ?? ""}`, title }, mark(p.workload, p.state));
  }

  // pods lists the pods on a node; many pods of one workload are one mark and their number.
  function pods(all) {
    const list = make("ul", { class: "pods" });
    const groups = Map.groupBy(all, (p) => `${p.workload} ${p.state ?? ""}`);
    for (const same of groups.values()) {
      if (same.length <= single) { list.append(...same.map(pod)); continue; }
      const one = pod({ ...same[0], name: `${same.length} pods`, why: undefined });
      one.append(`×${same.length}`);
      list.append(one);
    }
    return list;
  }

  // placement maps nodes to pods after the first changes of a scenario; Pending pods are under -1. Pods that leave a node are
  // shown until the end, and on failed nodes at the end, too.
  function placement(scenario, changes, end) {
    const on = new Map();
    const put = (p) => { if (!on.has(p.node)) on.set(p.node, []); on.get(p.node).push(p); };
    const take = (p) => on.set(p.node, on.get(p.node).filter((other) => other !== p));
    const current = new Map();
    for (const p of data.pods) {
      const now = { ...p, state: p.node < 0 ? "pending" : undefined };
      current.set(`${p.workload} ${p.name}`, now);
      put(now);
    }
    for (const c of scenario.changes.slice(0, changes)) {
      const key = `${c.workload} ${c.pod}`;
      const before = current.get(key);
      if (before && before.node >= 0 && c.from === before.node) {
        const failed = scenario.failed.includes(before.node);
        if (failed || !end) Object.assign(before, { state: failed ? "failed" : "leaving", why: c.why }); else take(before);
      }
      if (before && before.node < 0) take(before);
      if (c.to < 0 && (c.from >= 0 || !c.why)) continue;
      const now = { name: c.pod, workload: c.workload, node: c.to, why: c.why, state: c.to < 0 ? "pending" : "arrived" };
      current.set(key, now);
      put(now);
    }
    return on;
  }

  // worst is the number of changes after which the fewest pods are ready: the moment drawn as "during".
  function worst(scenario) {
    let running = 0, least = Infinity, at = 0;
    scenario.changes.forEach((c, i) => {
      running += (c.to >= 0 ? 1 : 0) - (c.from >= 0 ? 1 : 0);
      if (running < least) [least, at] = [running, i + 1];
    });
    return at;
  }

  // state is the state of a node at a moment.
  const state = (scenario, node, moment) =>
    moment === "before" ? "" : scenario.failed.includes(node) ? "away" : scenario.drained.includes(node) ? "drained" : "";

  const stateWords = { away: "failed", drained: "drained" };

  function drawNode(names, all, now) {
    const label = names.length === 1 ? names[0] : `${names[0]} and ${(names.length - 1).toLocaleString("en")} more`;
    return make("div", { class: `node ${now}` },
      make("div", { class: "name" }, make("span", {}, label), now ? make("span", { class: "state" }, stateWords[now]) : null),
      pods(all));
  }

  // groups are the nodes of a zone as drawn: one by one, or in a large cluster nodes with the same pods together.
  function groups(nodes, on, scenario, moment, touched) {
    if (data.nodes.length <= few) return nodes.map((n) => [n]);
    const down = (n) => scenario.failed.includes(n) || scenario.drained.includes(n);
    const rank = (n) => (touched.has(n) ? 0 : 1) + (down(n) ? 0 : .5);
    const sorted = nodes.toSorted((a, b) => rank(a) - rank(b) || (on.get(b)?.length ?? 0) - (on.get(a)?.length ?? 0) || a - b);
    const interesting = sorted.filter((n, i) => i < separate && (touched.has(n) || down(n)));
    const own = new Set(interesting);
    const rest = Map.groupBy(nodes.filter((n) => !own.has(n)), (n) =>
      state(scenario, n, moment) + (on.get(n) ?? []).map((p) => `${p.workload}${p.state ?? ""}`).sort().join());
    const equivalent = [...rest.values()].sort((a, b) => b.length - a.length || a[0] - b[0]);
    return [...interesting.map((n) => [n]), ...equivalent.slice(0, separate), ...(equivalent.length > separate ? [equivalent.slice(separate).flat()] : [])];
  }

  function draw() {
    const scenario = data.scenarios[selected()];
    const moment = document.querySelector("[name=moment]:checked").value;
    const on = placement(scenario, { before: 0, during: worst(scenario), after: scenario.changes.length }[moment], moment === "after");
    const touched = new Set(scenario.changes.flatMap((c) => [c.from, c.to]));
    const zones = Map.groupBy(data.nodes.keys(), (n) => data.nodes[n].zone);
    const boxes = [...zones.keys()].sort((a, b) => a - b).map((zone) => make("div", { class: "zone" },
      make("div", { class: "name" }, zone < 0 ? (data.zones.length ? "no zone" : "nodes") : data.zones[zone]),
      make("div", { class: "nodes" }, ...groups(zones.get(zone), on, scenario, moment, touched).map((group) =>
        drawNode(group.map((n) => data.nodes[n].name + (data.nodes[n].in ? ` · ${data.nodes[n].in}` : "")), group.length > 1 && new Set(group.map((n) => (on.get(n) ?? []).length)).size > 1 ? group.flatMap((n) => on.get(n) ?? []) : on.get(group[0]) ?? [], state(scenario, group[0], moment))))));
    const pending = on.get(-1) ?? [];
    if (pending.length) boxes.push(make("div", { class: "zone unplaced" }, make("div", { class: "name" }, "Pending: no node accepts these pods"), pods(pending)));
    const states = new Set([...on.values()].flat().map((p) => p.state).filter(Boolean));
    if (states.size) boxes.push(key(states));
    $("cluster").replaceChildren(...boxes);
    $("when").textContent = scenario.when;
    $("description").textContent = description(scenario, moment);
    $("outcomes").replaceChildren(...outcomes(scenario));
  }

  // key explains the symbols of affected pods.
  function key(states) {
    return make("ul", { class: "key" }, ...["failed", "leaving", "arrived", "pending"].filter((s) => states.has(s)).map((s) =>
      make("li", { class: `pod ${s}` }, mark(0, s), words[s])));
  }

  // description is the drawing in words.
  function description(scenario, moment) {
    if (moment === "before") return "The pods in steady state, before the event.";
    const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
    const bad = scenario.outcomes.filter((o) => o.class !== "serves").map((o) => `${data.workloads[o.workload].name} ${o.effect}`);
    const verdict = bad.length ? bad.join("; ") + "." : "Every workload keeps serving.";
    const blocked = scenario.blocked ? ` It does not complete: ${scenario.blocked}.` : "";
    const failed = scenario.changes.filter((c) => scenario.failed.includes(c.from)).length;
    const moved = scenario.changes.filter((c) => c.from >= 0).length - failed;
    const placed = scenario.changes.filter((c) => c.to >= 0).length;
    const counts = moment === "during" ? [failed && `${count(failed, "pod")} failed.`, moved && `${count(moved, "pod")} moved or replaced, as fast as budgets and strategy allow. The drawing shows the moment with the fewest ready pods.`] : [placed && `${count(placed, "new pod")} placed.`];
    return [...counts, verdict + blocked].filter(Boolean).join(" ");
  }

  function outcomes(scenario) {
    $("outcomes").classList.toggle("long", scenario.outcomes.length > 40);
    if (!scenario.outcomes.length) return [];
    const heads = ["Workload", "Pods", "Ready at worst", "Ready in the end", "Needed", "Effect"];
    const head = make("tr", {}, ...heads.map((text, i) => make("th", { scope: "col", class: i > 0 && i < 5 ? "number" : undefined }, text)));
    const fails = (o) => (o.class === "serves" ? 1 : 0);
    const rows = scenario.outcomes.toSorted((a, b) => fails(a) - fails(b)).map((o) => make("tr", {},
      make("th", { scope: "row" }, make("span", { class: "named" }, mark(o.workload), make("span", {}, data.workloads[o.workload].name))),
      ...[o.pods, o.least, o.after, o.needs].map((n, i) => make("td", { class: "number", "data-head": heads[i + 1] }, String(n))),
      make("td", { "data-head": heads[5] }, make("span", { class: `verdict ${o.class}` }, o.effect), ...o.pending.map((why) => make("p", { class: "quiet" }, why)))));
    return [make("table", { class: "cards" }, make("thead", {}, head), make("tbody", {}, ...rows))];
  }

  const selected = () => Number(document.querySelector("[name=scenario]:checked").value);

  function select(id) {
    const radio = $(`scenario-${id}`);
    radio.checked = true;
    draw();
    // Only the list scrolls; the page stays.
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
    select(link.dataset.scenario);
    $("simulation").scrollIntoView();
    $(`scenario-${link.dataset.scenario}`).focus({ preventScroll: true });
  });
  // The fragment of the URL may select a scenario.
  const wanted = location.hash.match(/^#scenario-(\d+)$/)?.[1];
  const start = data.scenarios[wanted] ? wanted : data.start;
  select(start);
})();
