// @ts-check
/** A part of a page that is asked for again every few seconds while it is seen: `data-again`. */

import { localiseAll } from "./time.js";

const EVERY_MS = 5_000;

const place = /** @type {HTMLElement | null} */ (document.querySelector("[data-again]"));

async function look() {
  const began = performance.now();
  if (place && document.visibilityState === "visible") {
    try {
      const answer = await fetch(place.dataset.again ?? "", { headers: { "X-Fragment": "1" } });
      if (answer.ok && !answer.redirected) {
        place.innerHTML = await answer.text();
        localiseAll(place);
      }
    } catch {
      // The next look may succeed; what is shown has its time.
    }
  }
  // What takes long is asked for less often.
  setTimeout(look, Math.max(EVERY_MS, 20 * (performance.now() - began)));
}

setTimeout(look, EVERY_MS);
