import { behave, keepTimes } from "./behave.ts";
import { keepNotices } from "./notices.ts";

/** The script of every page but the session's: about 1 KB. */
behave();
keepTimes();
keepNotices();
