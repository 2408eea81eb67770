// @ts-check
/** The incident page: follows its stream, shows messages and timeline, fetches the state that changed. */

import { Channel } from "./channel.js";
import { Composer } from "./composer.js";
import { openFetched, toast } from "./dialogs.js";
import { FollowLog } from "./follow-log.js";
import { onKey } from "./keys.js";
import { Outbox } from "./outbox.js";
import { startSending } from "./send.js";
import { startSlash } from "./slash.js";
import { showStatus } from "./status.js";
import { localiseAll } from "./time.js";
import { Timeline } from "./timeline.js";

const SETTLE_MS = 150;

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const { stream = "", head = "0", url = "" } = main.dataset;
const me = document.body.dataset.person ?? "";
const channel = new Channel(/** @type {HTMLElement} */ (document.querySelector("[data-log]")));
const timeline = new Timeline(/** @type {HTMLElement} */ (document.querySelector("[data-entries]")));
const log = new FollowLog();
const composer = startComposer();

/** @returns {Composer | null} */
function startComposer() {
  const form = document.querySelector("[data-composer]");
  if (!(form instanceof HTMLFormElement)) return null;
  const made = new Composer(form, {
    log, stream, channel, outbox: new Outbox(me, stream), name: document.body.dataset.name ?? "You",
  });
  const commands = JSON.parse(document.getElementById("commands")?.textContent ?? "[]");
  const list = form.querySelector('[role="listbox"]');
  if (list instanceof HTMLElement) startSlash(made.input, list, commands);
  return made;
}

/** @param {import("./follow-log.js").LogEvent[]} events @param {boolean} caughtUp */
function onEvents(events, caughtUp) {
  const region = channel.log;
  // A long catch-up is read out once, as a number, and not row by row.
  if (!caughtUp && events.length > 1) region.setAttribute("aria-live", "off");
  for (const event of events) show(event);
  if (!caughtUp && events.length > 1) {
    const said = document.querySelector("[data-caught]");
    if (said) said.textContent = `${events.length} new while you were away`;
    setTimeout(() => region.removeAttribute("aria-live"), 0);
  }
  if (events.some((event) => event.type !== "incident.message_posted")) refreshSoon();
}

/** @param {import("./follow-log.js").LogEvent} event */
function show(event) {
  const mine = (event.actor?.ref ?? event.actor) === me;
  if (event.cid) composer?.arrived(event.cid);
  const replaced = event.html?.message;
  if (replaced) channel.replaceMessage(event.data?.message ?? "", replaced);
  if (event.html?.channel) channel.append([event.html.channel], mine);
  if (event.html?.timeline) timeline.append(event.html.timeline);
}

let waiting = 0;
function refreshSoon() {
  clearTimeout(waiting);
  waiting = window.setTimeout(refresh, SETTLE_MS);
}

/** Fetches the parts that show state, and puts in those that differ. */
async function refresh() {
  try {
    const answer = await fetch(`${url}/parts`, { headers: { Accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const parts = await answer.json();
    for (const [name, html] of Object.entries(parts)) swap(name, html);
  } catch {
    // The page says by itself that it is not live; what it shows stays.
  }
}

/** @param {string} name @param {string} html */
function swap(name, html) {
  const part = main.querySelector(`[data-part="${name}"]`);
  if (!part || part.querySelector("dialog[open]")) return;
  const focused = part.contains(document.activeElement) ? signature(document.activeElement) : "";
  part.innerHTML = html;
  localiseAll(part);
  if (focused) /** @type {HTMLElement | null} */ (part.querySelector(focused))?.focus();
}

/** A selector that finds the same control again in a newer version of a part. @param {Element | null} element */
function signature(element) {
  if (!(element instanceof HTMLElement)) return "";
  if (element.id) return `#${CSS.escape(element.id)}`;
  const name = ["data-open", "data-key", "aria-label", "href"].find((attribute) => element.hasAttribute(attribute));
  return name ? `[${name}="${CSS.escape(element.getAttribute(name) ?? "")}"]` : "";
}

/** The gap was too long to replay: load the page as it stands. What was written is kept. */
function onReset() {
  location.reload();
}

function onRevoked() {
  channel.list.replaceChildren();
  main.innerHTML = '<div class="empty"><h2>You no longer have access</h2><p>Your rights to this incident were withdrawn.</p><a class="btn" href="/">Situation board</a></div>';
}

/** @param {any} frame */
function onFrame(frame) {
  if (frame.t === "live") {
    composer?.flush();
    return;
  }
  const here = document.querySelector("[data-here]");
  if (frame.t === "presence" && here) here.textContent = frame.count ? `${frame.count} here` : "";
  const typing = document.querySelector("[data-typing]");
  if (frame.t === "typing" && typing) {
    typing.textContent = frame.name ? `${frame.name} is typing` : "";
    setTimeout(() => { typing.textContent = ""; }, 6_000);
  }
}

function startEarlier() {
  channel.list.addEventListener("click", async (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-earlier]") : null;
    if (!(link instanceof HTMLAnchorElement)) return;
    event.preventDefault();
    try {
      const answer = await fetch(`${url}/said?before=${link.dataset.earlier}`);
      if (answer.ok && !answer.redirected) channel.prepend(await answer.text());
    } catch {
      toast("Earlier messages could not be loaded.", "bad");
    }
  });
}

/** What can be done about a message: a page of its own, in a dialog here. */
function startMessages() {
  document.addEventListener("click", async (event) => {
    const link = event.target instanceof Element ? event.target.closest("[data-message-menu]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      await openFetched(link.href, "message-title");
    } catch {
      location.assign(link.href);
    }
  });
}

function startColumns() {
  const columns = ["state", "channel", "record"];
  /** @param {1 | -1} step */
  const move = (step) => {
    const at = columns.findIndex((id) => document.getElementById(id)?.contains(document.activeElement));
    const next = columns[(Math.max(at, 0) + step + columns.length) % columns.length];
    location.hash = next;
    document.getElementById(next)?.focus({ preventScroll: true });
  };
  onKey("[", () => move(-1));
  onKey("]", () => move(1));
  for (const key of ["/", "c"]) onKey(key, () => composer?.input.focus());
  onKey("n", () => channel.toUnread());
}

function startSystemToggle() {
  const button = document.querySelector("[data-system]");
  button?.removeAttribute("hidden");
  button?.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    channel.log.classList.toggle("log--quiet", !shown);
  });
}

startSending(() => refreshSoon());
startEarlier();
startMessages();
startColumns();
startSystemToggle();
log.onStatus = showStatus(() => log.wake());
log.follow(stream, Number(head), { onEvents, onReset, onRevoked, onFrame });
log.start();
