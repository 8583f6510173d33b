import { behave, keepTimes } from "./behave.ts";

/** The script of every page but the session's: about 1 KB. */
behave();
keepTimes();
