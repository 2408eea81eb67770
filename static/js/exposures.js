// @ts-check
/** The page of exposure counts: looks again every few seconds while it is seen. */

import { localiseAll } from "./time.js";

const EVERY_MS = 5_000;

const place = document.querySelector("[data-exposures]");

async function look() {
  const began = performance.now();
  if (place && document.visibilityState === "visible") {
    try {
      const answer = await fetch("/exposures/", { headers: { "X-Fragment": "1" } });
      if (answer.ok && !answer.redirected) {
        place.innerHTML = await answer.text();
        localiseAll(place);
      }
    } catch {
      // The next look may succeed; what is shown has its time.
    }
  }
  // A count that takes long is asked for less often.
  setTimeout(look, Math.max(EVERY_MS, 20 * (performance.now() - began)));
}

setTimeout(look, EVERY_MS);
