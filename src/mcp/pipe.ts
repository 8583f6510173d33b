import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { JSONRPCMessage, RequestId } from "@modelcontextprotocol/sdk/types.js";

/**
 * Standard input and output, and word of each answer that has been written. The SDK's own `send` resolves as soon as the
 * stream has taken a message, which is before an agent that does not read has got it.
 */
export function startPipe(written: (answerTo: RequestId) => void): StdioServerTransport {
  const pipe = new StdioServerTransport();
  pipe.send = async (message: JSONRPCMessage) => {
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(serializeMessage(message), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    if ("result" in message && message.id !== undefined) written(message.id);
  };
  return pipe;
}
