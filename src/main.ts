#!/usr/bin/env bun
import { homed } from "./cli/home.ts";
import { run as hook } from "./cli/hook.ts";

/** A hook keeps an agent waiting, so it comes before the table of commands is even read (0.7 of its 7 ms). */
const [name, ...args] = homed(process.argv.slice(2));
const asksHelp = args.includes("--help") || args.includes("-h");
if (name === "hook" && !asksHelp) await hook(args);
else await (await import("./cli/run.ts")).run(process.argv.slice(2));
