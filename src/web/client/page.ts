import { behave, keepTimes } from "./behave.ts";
import { startKeys } from "./keys.ts";

/** The script of every page that nothing live stands on. */
behave();
keepTimes();
startKeys({}, new AbortController().signal);
