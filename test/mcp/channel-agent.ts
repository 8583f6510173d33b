import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { NotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { program } from "../helpers/service.ts";

/** An agent that was started with Polaris as a channel: prints its process, then what is said on it, a line each. */
const Said = NotificationSchema.extend({
  method: z.literal("notifications/claude/channel"),
  params: z.looseObject({ content: z.string(), meta: z.record(z.string(), z.string()) }),
});
const [command = "", ...args] = program;
const client = new Client({ name: "agent", version: "1" });
client.setNotificationHandler(Said, ({ params }) => console.log(JSON.stringify(params)));
const env = Object.fromEntries(
  Object.entries(process.env).map(([key, value = ""]) => [key, value]),
);
await client.connect(new StdioClientTransport({ command, args: [...args, "mcp"], env }));
console.log(JSON.stringify({ capable: client.getServerCapabilities()?.experimental }));
