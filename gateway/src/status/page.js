"use strict";

// Shows what status.json contains, and reads it again each second. Names of models and classes come from
// outside, so they are only ever inserted as text.

const PERIOD = 1000;
const TIMEOUT = 5000;

const byId = (id) => document.getElementById(id);
const clone = (id) => byId(id).content.firstElementChild.cloneNode(true);

const integers = new Intl.NumberFormat("en");
const shortened = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 2 });
const percents = new Intl.NumberFormat("en", { style: "percent" });

function count(value) {
  return value < 10_000_000 ? integers.format(value) : shortened.format(value);
}

function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  const hours = Math.floor(whole / 3600);
  if (hours < 48) return `${hours} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(hours / 24)} days`;
}

// Elements that do not change are left alone, so that a reader's place and selection stay.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

// Shows one element for each item, and keeps the elements of items that were shown before.
function showList(parent, template, items, keyOf, show) {
  const shown = new Map();
  for (const element of parent.children) shown.set(element.key, element);
  items.forEach((item, index) => {
    const key = keyOf(item);
    const element = shown.get(key) ?? clone(template);
    shown.delete(key);
    element.key = key;
    show(element, item);
    const here = parent.children[index];
    if (here !== element) parent.insertBefore(element, here ?? null);
  });
  for (const element of shown.values()) element.remove();
}

function showFigures(parent, figures) {
  showList(parent, "figure-template", figures, ([name]) => name, (element, [name, value]) => {
    setText(element.children[0], name);
    setText(element.children[1], value);
  });
}

function showTotals(totals) {
  showFigures(byId("totals"), [
    ["Waiting", count(totals.waiting)],
    ["Active", count(totals.active)],
    ["Completed", count(totals.completed)],
    ["Failed", count(totals.failed)],
    ["Client left", count(totals.client_left)],
    ["Refusals", count(totals.refusals)],
    ["Input tokens", count(totals.input_tokens)],
    ["Output tokens", count(totals.output_tokens)],
  ]);
}

function showLimit(element, quota, limit) {
  const part = limit.allowed > 0 ? limit.used / limit.allowed : 1;
  const percent = percents.format(part);
  const used = `${count(limit.used)} of ${count(limit.allowed)}`;
  setText(element.querySelector(".unit"), limit.unit);
  setText(element.querySelector(".used"), used);
  const share = limit.allowed < limit.limit ? `, a share of ${count(limit.limit)}` : "";
  setText(element.querySelector(".percent"), `${percent} used${share}`);
  setText(element.querySelector(".note"), limit.binds ? "Tightest limit" : "");
  const meter = element.querySelector(".meter");
  setAttribute(meter, "aria-label", `${quota.name}: ${limit.unit}`);
  setAttribute(meter, "aria-valuemax", limit.allowed);
  setAttribute(meter, "aria-valuenow", Math.min(limit.used, limit.allowed));
  setAttribute(meter, "aria-valuetext", `${used}, ${percent}`);
  setAttribute(meter, "data-level", part < 0.8 ? "low" : part < 0.98 ? "high" : "full");
  meter.firstElementChild.style.width = `${Math.min(part, 1) * 100}%`;
}

function showClass(row, item) {
  const cells = row.children;
  setText(cells[0], item.name || "default");
  cells[0].classList.toggle("default", item.name === "");
  setText(cells[1], count(item.waiting));
  setText(cells[2], item.waiting > 0 ? duration(item.longest_wait) : "–");
  setText(cells[3], count(item.in_flight));
  setText(cells[4], percents.format(item.share));
  setText(cells[5], count(item.weight));
}

function showFacts(element, quota) {
  const waiting = quota.classes.reduce((sum, item) => sum + item.waiting, 0);
  const facts = [`${count(waiting)} waiting`, `${count(quota.in_flight)} in flight`];
  if (quota.refused > 0) facts.push(`${count(quota.refused)} refused by the provider`);
  const slowed = quota.pace < 0.995 ? `Slowed to ${percents.format(quota.pace)} of the limits` : "";
  const text = facts.join(" · ");
  if (element.facts === text + slowed) return;
  element.facts = text + slowed;
  element.textContent = slowed ? `${text} · ` : text;
  if (slowed) element.appendChild(document.createElement("strong")).textContent = slowed;
}

function showQuota(card, quota) {
  setText(card.querySelector("h3"), quota.name);
  setText(card.querySelector(".models"), quota.models.join(", "));
  showFacts(card.querySelector(".facts"), quota);
  const limits = card.querySelector(".limits");
  showList(limits, "limit-template", quota.limits, (limit) => limit.unit, (element, limit) => {
    showLimit(element, quota, limit);
  });
  const table = card.querySelector("table");
  setText(table.caption, `Classes of ${quota.name}`);
  table.hidden = quota.classes.length === 0;
  // In an order that does not change while one reads.
  const classes = quota.classes.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  showList(table.tBodies[0], "class-template", classes, (item) => item.name, showClass);
  const more = quota.more_classes;
  setText(card.querySelector(".more"), more > 0 ? `and ${count(more)} more classes` : "");
}

function showStore(store) {
  byId("store-section").hidden = store === null;
  if (store === null) return;
  const figures = [
    ["Connection", store.is_reachable ? "Reachable" : "Not reachable"],
    ["Round trip", `${(store.round_trip * 1000).toFixed(1)} ms`],
    ["Calls", count(store.calls)],
    ["Failed calls", count(store.failures)],
  ];
  if (store.may_evict) figures.push(["Memory", "May lose data"]);
  showFigures(byId("store"), figures);
}

function show(status) {
  const about = [`Sends to ${status.upstream}`];
  if (status.region) about.push(`region ${status.region}`);
  if (status.table_date) about.push(`limits of ${status.table_date}`);
  about.push(`up for ${duration(status.uptime)}`);
  setText(byId("about"), about.join(" · "));
  setText(byId("version"), `Version ${status.version}`);
  showTotals(status.totals);
  byId("none").hidden = status.quotas.length > 0;
  showList(byId("quotas"), "quota-template", status.quotas, (quota) => quota.name, showQuota);
  showStore(status.store);
}

function setState(name, text) {
  setText(byId("state"), text);
  byId("state").dataset.state = name;
}

let paused = false;
let timer;
let lastUpdate = null;

async function update() {
  clearTimeout(timer);
  try {
    const response = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) throw new Error(`the gateway has answered with status ${response.status}`);
    const status = await response.json();
    if (paused) return;
    show(status);
    lastUpdate = Date.now();
    setState(status.is_stopping ? "problem" : "live", status.is_stopping ? "Stopping" : "Live");
    byId("problem").hidden = true;
  } catch {
    if (paused) return;
    setState("problem", "Not reachable");
    const since = lastUpdate === null ? "" : ` since ${new Date(lastUpdate).toLocaleTimeString()}`;
    const rest = lastUpdate === null ? "" : " The figures below are the last ones.";
    setText(byId("problem"), `The gateway cannot be reached${since}. Trying again.${rest}`);
    byId("problem").hidden = false;
  }
  schedule();
}

// A page in the background reads nothing.
function schedule() {
  clearTimeout(timer);
  if (!paused && !document.hidden) timer = setTimeout(update, PERIOD);
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  setAttribute(byId("pause"), "aria-pressed", paused);
  if (paused) {
    clearTimeout(timer);
    setState("wait", "Paused");
  } else {
    update();
  }
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !paused) update();
});
update();
