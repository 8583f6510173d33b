/**
 * ustar by hand: no owner and no time, so that the same files make the same archive wherever and whenever it is made
 * (Bun.Archive writes the time of its making into every entry).
 */
export function tar(
  files: Record<string, Uint8Array>,
  programs: string[] = [],
): Buffer<ArrayBuffer> {
  const blocks: Buffer[] = [];
  for (const [name, content] of Object.entries(files)) {
    if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long a name for ustar`);
    const head = Buffer.alloc(512);
    const octal = (value: number, at: number, width: number) =>
      head.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at, "latin1");
    head.write(name, 0);
    octal(programs.includes(name) ? 0o755 : 0o644, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(content.length, 124, 12);
    octal(0, 136, 12);
    head.write("        0", 148, "latin1");
    head.write("ustar\x0000", 257, "latin1");
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    blocks.push(head, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
