/** Tells for which system and processor a program is, by its first bytes: builds for elsewhere cannot be run here. */
import { TARGETS, type Target } from "./targets.ts";

/** ELF's e_machine and Mach-O's cputype. */
const ELF: Record<number, Target> = { 62: "linux-x64", 183: "linux-arm64" };
const MACHO: Record<number, Target> = { 16777223: "darwin-x64", 16777228: "darwin-arm64" };

/** Every target that the program runs on; a universal Mach-O is for several. */
export async function targetsOf(path: string): Promise<Target[]> {
  const head = Buffer.from(await Bun.file(path).slice(0, 4096).arrayBuffer());
  const found: (Target | undefined)[] = [];
  if (head.readUInt32BE(0) === 0x7f454c46) found.push(ELF[head.readUInt16LE(18)]);
  if (head.readUInt32LE(0) === 0xfeedfacf) found.push(MACHO[head.readUInt32LE(4)]);
  if (head.readUInt32BE(0) === 0xcafebabe) {
    for (let index = 0; index < head.readUInt32BE(4); index++) {
      found.push(MACHO[head.readUInt32BE(8 + 20 * index)]);
    }
  }
  return TARGETS.filter((target) => found.includes(target));
}

export async function demand(target: Target, path: string): Promise<void> {
  const targets = await targetsOf(path);
  if (targets.includes(target)) return;
  throw new Error(`${path} is for ${targets.join(", ") || "no known platform"}, not for ${target}`);
}
