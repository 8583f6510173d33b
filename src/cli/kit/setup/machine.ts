/** A developer's machine: hooks and recorder, then the sign-in. */
export async function setUpMachine(url: string, byCode: boolean): Promise<void> {
  await (await import("../../install.ts")).run([]);
  await (await import("../../login.ts")).run(["--url", url, ...(byCode ? ["--device"] : [])]);
}
