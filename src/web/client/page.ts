import { behave, keepTimes } from "./behave.ts";
import { startKeys } from "./keys.ts";
import { keepNotices } from "./notices.ts";

/** The script of every page that nothing live stands on. */
behave();
keepTimes();
keepNotices();
startKeys({}, new AbortController().signal);
