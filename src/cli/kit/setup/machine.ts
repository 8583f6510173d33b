/** A developer's machine: hooks and recorder, then the sign-in. */
export async function setUpMachine(url: string): Promise<void> {
  await (await import("../../install.ts")).run([]);
  await (await import("../../login.ts")).run(["--url", url]);
}
