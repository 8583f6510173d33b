import { afterAll } from "bun:test";
import { stopShared } from "./postgres.ts";

// Runs once for the whole `bun test` process: the PostgreSQL that the files shared goes with it.
afterAll(stopShared);
