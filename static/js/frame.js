// @ts-check
/** What every page does: clock, keyboard, dialogs, palette, declaring. */

import { startDeclaring } from "./declare.js";
import { startDialogs } from "./dialogs.js";
import { startKeys } from "./keys.js";
import { startPalette } from "./palette.js";
import { startClock } from "./time.js";

startClock();
startDialogs();
startKeys();
startPalette();
startDeclaring();
