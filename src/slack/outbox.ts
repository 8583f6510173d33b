export { enqueue, type Write } from "../core/slack-outbox.ts";
