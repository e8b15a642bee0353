/* The page is whole without this. With it, it keeps up by itself and is quicker with the keyboard. */
"use strict";

const body = document.body;
const filter = document.getElementById("filter");
const liveness = document.getElementById("liveness");
const reload = document.getElementById("reload");
const nothing = document.getElementById("nothing");

document.documentElement.dataset.script = "on";

/* What the reader changed stays as the reader left it, whatever the server sends. */
const READERS_OWN = new Set(["hidden", "open", "data-open", "aria-expanded"]);

/* Turn `from` into `to` without replacing what is the same, so that focus and scroll stay. */
function morph(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !READERS_OWN.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (!READERS_OWN.has(name) && from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
  morphChildren(from, to);
}

function morphChildren(from, to) {
  const keyed = new Map();
  for (const child of from.children) {
    if (keyOf(child)) keyed.set(keyOf(child), child);
  }
  let old = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const known = keyOf(wanted) && keyed.get(keyOf(wanted));
    if (known && known !== old) {
      from.insertBefore(known, old);
      old = known;
    }
    if (!old || (!known && (keyOf(old) || keyOf(wanted) || !isAlike(old, wanted)))) {
      from.insertBefore(document.importNode(wanted, true), old);
      continue;
    }
    const next = old.nextSibling;
    if (old.nodeType === Node.ELEMENT_NODE) morph(old, wanted);
    else if (old.data !== wanted.data) old.data = wanted.data;
    old = next;
  }
  while (old) {
    const next = old.nextSibling;
    old.remove();
    old = next;
  }
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.dataset.live || node.id || null : null;
}

function isAlike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName;
}

/* Moments as people say them; the exact one stays in the title. */
function sinceThen(then) {
  const seconds = Math.max(0, Math.round((Date.now() - then) / 1000));
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

function tellTimes() {
  for (const time of document.querySelectorAll("time")) {
    const told = sinceThen(Date.parse(time.dateTime));
    if (time.textContent !== told) time.textContent = told;
  }
}

/* Opening and closing. The details are the row after a function's own. */
const linkOf = (details) => details.previousElementSibling.querySelector("a.open");

function setOpen(details, isOpen) {
  details.toggleAttribute("data-open", isOpen);
  linkOf(details).setAttribute("aria-expanded", String(isOpen));
}

function detailsNamed(hash) {
  const found = hash.length > 1 ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  return found && found.classList.contains("details") ? found : null;
}

function close(details) {
  setOpen(details, false);
  if (detailsNamed(location.hash) === details) history.replaceState(null, "", location.pathname + location.search);
  linkOf(details).focus();
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest("a");
  if (!link) return;
  if (link.classList.contains("open")) {
    event.preventDefault();
    const details = detailsNamed(link.hash);
    setOpen(details, !details.hasAttribute("data-open"));
  } else if (link.classList.contains("close")) {
    event.preventDefault();
    close(link.closest("tr"));
  } else if (link.classList.contains("count")) {
    event.preventDefault();
    filter.value = new URLSearchParams(link.search).get("q");
    applyFilter();
  }
});

/* The filter: every word must be somewhere in what the row says. */
function applyFilter() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll("tr.function")) {
    row.hidden = !words.every((word) => row.dataset.text.includes(word));
    shown += !row.hidden;
  }
  nothing.hidden = shown > 0;
}

filter.addEventListener("input", applyFilter);
filter.form.addEventListener("submit", (event) => {
  event.preventDefault();
  applyFilter();
});

function visibleLinks() {
  return [...document.querySelectorAll("tr.function:not([hidden]) a.open")];
}

function move(by) {
  const links = visibleLinks();
  const row = document.activeElement.closest("tr.function, tr.details");
  const link = row && (row.classList.contains("details") ? linkOf(row) : row.querySelector("a.open"));
  const at = links.indexOf(link);
  const next = links[Math.min(links.length - 1, Math.max(0, at + by))];
  if (next) next.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches("input, textarea, select");
  /* From nowhere in particular the arrows go to the first row. */
  const inMatrix = event.target === body || event.target.closest("table.matrix");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    filter.focus();
    filter.select();
  } else if (event.key === "Escape" && event.target === filter) {
    filter.value = "";
    applyFilter();
    filter.blur();
  } else if (event.key === "Escape") {
    const row = event.target.closest("tr.function, tr.details");
    const own = row && (row.classList.contains("details") ? row : row.nextElementSibling);
    const open = own && own.hasAttribute("data-open") ? own : [...document.querySelectorAll("tr.details[data-open]")].pop();
    if (open) close(open);
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (inMatrix || event.target === filter)) {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if ((event.key === "Home" || event.key === "End") && inMatrix) {
    event.preventDefault();
    move(event.key === "End" ? Infinity : -Infinity);
  }
});

/* Keeping up. */
function say(state, text) {
  liveness.dataset.state = state;
  if (liveness.textContent !== text) liveness.textContent = text;
  reload.hidden = state === "live";
}

function parsed(html, like) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const made = like.cloneNode(false);
  made.append(holder.content);
  return made;
}

async function replaceAll() {
  const answer = await fetch(location.pathname, { credentials: "same-origin" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || !fresh.body.dataset.order) return location.reload();
  for (const table of document.querySelectorAll("table.matrix")) {
    morph(table, fresh.querySelector("table.matrix"));
  }
  body.dataset.order = fresh.body.dataset.order;
}

async function take(told) {
  for (const [name, html] of Object.entries(told.regions)) {
    const region = document.querySelector(`[data-live="${CSS.escape(name)}"]`);
    if (region) morphChildren(region, parsed(html, region));
  }
  for (const [name, text] of Object.entries(told.texts)) {
    const row = document.querySelector(`[data-live="${CSS.escape(name)}"]`);
    if (row) row.dataset.text = text;
  }
  body.dataset.revision = told.revision;
  if (told.order !== body.dataset.order) await replaceAll();
  for (const details of document.querySelectorAll("tr.details[data-open]")) setOpen(details, true);
  applyFilter();
  tellTimes();
}

function follow() {
  const stream = new EventSource(`${body.dataset.stream}?since=${body.dataset.revision}`);
  stream.addEventListener("status", (event) => {
    take(JSON.parse(event.data)).then(() => say("live", "Live"));
  });
  stream.addEventListener("beat", () => say("live", "Live"));
  stream.addEventListener("error", () => {
    const isOver = stream.readyState === EventSource.CLOSED;
    say("lost", "Connection lost; what is shown may be old.");
    /* The browser tries again by itself, unless the server answered with a refusal. */
    if (isOver) setTimeout(follow, 5000);
  });
  window.addEventListener("pagehide", () => stream.close(), { once: true });
}

const asked = detailsNamed(location.hash);
if (asked) setOpen(asked, true);
applyFilter();
tellTimes();
setInterval(tellTimes, 1000);
follow();
