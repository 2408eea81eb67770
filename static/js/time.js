// @ts-check
/** Times in the reader's zone: the server writes UTC, this rewrites every `<time data-time>`. */

const LOCALE = "en-GB";
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const FORMS = {
  clock: { hour: "2-digit", minute: "2-digit" },
  second: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  day: { weekday: "short", day: "numeric", month: "short" },
  daymonth: { day: "numeric", month: "short" },
  date: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
  stamp: { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
  full: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};
const formatters = new Map(
  Object.entries(FORMS).map(([form, options]) => [
    form,
    new Intl.DateTimeFormat(LOCALE, { ...options, hourCycle: "h23" }),
  ]),
);
const utc = new Intl.DateTimeFormat(LOCALE, {
  ...FORMS.date, hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "UTC", hourCycle: "h23",
});

/** How far the reader's clock is from the server's, in milliseconds. */
let skew = 0;

/** The server's time as far as is known. @returns {Date} */
export function now() {
  return new Date(Date.now() + skew);
}

/** Learns the server's time from something it just said. @param {string} iso */
export function setNow(iso) {
  const said = Date.parse(iso);
  if (!Number.isNaN(said)) skew = said - Date.now();
}

/**
 * A moment in one of the forms above.
 * @param {Date} at
 * @param {string} form
 */
export function format(at, form) {
  return (formatters.get(form) ?? formatters.get("stamp"))?.format(at).replace(",", "") ?? "";
}

/**
 * A length of time in at most two units, the same words as the server's `duration`.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.floor(seconds);
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min`;
  const hours = Math.floor(whole / HOUR);
  if (whole < DAY) return `${hours} h ${String(Math.floor((whole % HOUR) / MINUTE)).padStart(2, "0")}`;
  const days = Math.floor(whole / DAY);
  return days < 14 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** The zone's short name at a moment: CET, GMT+2, UTC. @param {Date} at */
export function zone(at) {
  const parts = new Intl.DateTimeFormat(LOCALE, { timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** @param {HTMLTimeElement} element */
function localise(element) {
  const at = new Date(element.dateTime);
  const form = element.dataset.time ?? "clock";
  const text = words(at, form);
  if (element.textContent !== text) element.textContent = text;
  if (!element.dataset.local) {
    element.dataset.local = "1";
    element.title = `${format(at, "date")}, ${format(at, "second")} ${zone(at)} · ${utc.format(at)} UTC`;
  }
}

/** @param {Date} at @param {string} form */
function words(at, form) {
  const span = duration(Math.abs(now().getTime() - at.getTime()) / 1000);
  if (form === "ago") return `${span} ago`;
  if (form === "since") return span;
  if (form === "due") return at > now() ? `in ${span}` : "now";
  if (form === "stamp" && format(at, "date") === format(now(), "date")) return format(at, "clock");
  return format(at, form);
}

/** Rewrites every time below `root`. @param {ParentNode} root */
export function localiseAll(root) {
  for (const element of root.querySelectorAll("time[data-time]")) {
    localise(/** @type {HTMLTimeElement} */ (element));
  }
  for (const label of root.querySelectorAll("text[data-time]")) {
    const { at = "", time = "clock" } = /** @type {SVGElement} */ (label).dataset;
    label.textContent = format(new Date(at), time);
  }
}

/** @param {Element} clock */
function tick(clock) {
  const at = now();
  const [time, local] = [clock.querySelector("time"), clock.querySelector("small")];
  if (!time || !local) return;
  time.textContent = `${at.toISOString().slice(11, 16)} UTC`;
  time.dateTime = at.toISOString();
  const name = zone(at);
  local.textContent = name === "UTC" ? "" : `${format(at, "clock")} ${name}`;
}

/** Starts the clock of the top bar and keeps distances such as “4 min ago” true. */
export function startClock() {
  const clock = document.querySelector("[data-clock]");
  const stated = clock?.querySelector("time")?.dateTime;
  if (stated) setNow(stated);
  localiseAll(document);
  if (clock) tick(clock);
  setInterval(() => {
    if (clock) tick(clock);
    for (const element of document.querySelectorAll('time[data-time="ago"],time[data-time="since"],time[data-time="due"]')) {
      localise(/** @type {HTMLTimeElement} */ (element));
    }
  }, 5_000);
}
