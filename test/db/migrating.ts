/** A process that migrates, to be killed halfway: prints a line when it begins, another when it is done. */
import { migrate } from "../../src/db/migrate.ts";
import { silent } from "../../src/lib/log.ts";
import { open } from "../helpers/database.ts";

const [connection = "", migrations = ""] = process.argv.slice(2);
const sql = open(JSON.parse(connection));
console.log("begins");
console.log(await migrate(sql, { log: silent, migrations: JSON.parse(migrations) }));
await sql.end({ timeout: 1 });
