import { join } from "node:path";
import S3rver from "s3rver";

/** A server that speaks S3, with one bucket, on loopback. */
export async function startBucket(folder: string) {
  const server = new S3rver({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory: join(folder, "s3"),
    configureBuckets: [{ name: "team-backups", configs: [] }],
  });
  const { port } = await server.run();
  return {
    url: "s3://team-backups",
    env: {
      AWS_ACCESS_KEY_ID: "S3RVER",
      AWS_SECRET_ACCESS_KEY: "S3RVER",
      AWS_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_REGION: "us-east-1",
    },
    [Symbol.asyncDispose]: async () => void (await server.close()),
  };
}
