import { type Random, random } from "../bench/text.ts";
import { drawer, ISSUED, NAMED } from "./corpus-secrets.ts";

/** A text with a secret planted in it, and the pieces of which nothing may be left. */
export interface Plant {
  kind: string;
  place: string;
  text: string;
  pieces: string[];
}

type Place = (secret: string, next: Random) => { text: string; pieces?: string[] };

const whole = (text: string) => ({ text });

function broken(secret: string, next: Random, glue: string, wrap: (text: string) => string) {
  const at = Math.floor(secret.length * (0.25 + next() * 0.5));
  const pieces = [secret.slice(0, at), secret.slice(at)];
  return { text: wrap(pieces.join(glue)), pieces };
}

/** Where secrets stand in what agents say, run and read. Names that would give one away are not used here. */
const PLACES: Record<string, Place> = {
  sentence: (s) => whole(`I used ${s} for the call, and it worked.`),
  "json value": (s) => whole(JSON.stringify({ name: "prod", value: s, n: 1 })),
  "json in json": (s) => whole(JSON.stringify({ body: JSON.stringify({ v: [s] }) })),
  "json lines": (s) => whole(JSON.stringify({ stdout: `first\n${s}\nlast` })),
  base64: (s) => whole(`data: ${Buffer.from(`config\nvalue=${s}\n`).toString("base64")}`),
  "base64 alone": (s) => whole(`echo ${Buffer.from(s).toString("base64")} | base64 -d`),
  url: (s) => whole(`https://api.example.com/v1/items?sort=asc&q=${encodeURIComponent(s)}&page=2`),
  "url path": (s) => whole(`GET https://api.example.com/hooks/${s} 200 12ms`),
  header: (s) => whole(`> GET / HTTP/1.1\r\n> X-Custom: ${s}\r\n> Accept: */*\r\n`),
  "env dump": (s) => whole(`HOME=/home/manu\nSHELL=/bin/bash\nVALUE_A=${s}\nLANG=C.UTF-8\n`),
  "shell command": (s) => whole(`run --with "${s}" | tee log.txt && echo done`),
  diff: (s) => whole(`@@ -1,2 +1,2 @@\n-const a = "old";\n+const a = "${s}";\n const b = 2;\n`),
  "source line": (s) => whole(`client = Client('${s}')  # do not commit`),
  markdown: (s) => whole(`Here it is:\n\n\`\`\`\n${s}\n\`\`\`\n`),
  xml: (s) => whole(`<setting key="a">${s}</setting>`),
  "split line": (s, next) => broken(s, next, "\n", (t) => `output:\n${t}\nend of output`),
  "split in json": (s, next) => broken(s, next, "\\n", (t) => `{"out":"${t}"}`),
  "split by backslash": (s, next) => broken(s, next, "\\\n", (t) => `run '${t}' now`),
  "split strings": (s, next) => broken(s, next, '" +\n    "', (t) => `const v = "${t}";`),
};

/** Split, a word of no issuer is two words. */
const WHOLE_ONLY = new Set(["unknown-issuer", "drawn-word"]);

export function* plants(seed: number, rounds: number): Generator<Plant> {
  const next = random(seed);
  const draw = drawer(next);
  for (let round = 0; round < rounds; round++) {
    for (const [kind, make] of Object.entries(ISSUED)) {
      for (const [place, put] of Object.entries(PLACES)) {
        if (WHOLE_ONLY.has(kind) && /split|base64|path/.test(place)) continue;
        const secret = make(draw);
        const { text, pieces = [secret] } = put(secret, next);
        yield { kind, place, text, pieces };
      }
    }
    for (const [kind, make] of Object.entries(NAMED)) {
      const [text, secret] = make(draw);
      const told = { kind, pieces: [secret] };
      yield { ...told, place: "plain", text };
      yield {
        ...told,
        place: "json",
        text: JSON.stringify({ stdout: text, code: 0 }),
        pieces: [JSON.stringify(secret).slice(1, -1)],
      };
      yield {
        ...told,
        place: "base64",
        text: `payload ${Buffer.from(text).toString("base64")} end`,
      };
      yield {
        ...told,
        place: "diff",
        text: text
          .split("\n")
          .map((line) => `+${line}`)
          .join("\n"),
        pieces: secret.split("\n"),
      };
    }
  }
}

/** Whether anything of a secret is left: any 10 characters of it (of a short one, three quarters). */
export function leaks(out: string, { pieces }: Plant): boolean {
  return pieces.some((piece) => {
    const length = piece.length < 14 ? Math.ceil(piece.length * 0.75) : 10;
    for (let at = 0; at + length <= piece.length; at++) {
      if (length >= 6 && out.includes(piece.slice(at, at + length))) return true;
    }
    return false;
  });
}

const WORDS =
  "get set user order price item list total index count parse render build cache token session secret password key auth".split(
    " ",
  );

/** What looks drawn at random and is no secret. */
export function* harmless(seed: number, count: number): Generator<{ kind: string; text: string }> {
  const next = random(seed);
  const d = drawer(next);
  const HEX = "0123456789abcdef";
  const B62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const B64 = `${B62}+/`;
  const word = () => WORDS[Math.floor(next() * WORDS.length)] ?? "item";
  const Word = () => word().replace(/^./, (first) => first.toUpperCase());
  const uuid = () => [8, 4, 4, 4, 12].map((n) => d(HEX, n)).join("-");
  const short = () => d("abcdefghijklmnopqrstuvwxyz", 1 + Math.floor(next() * 2));
  const kinds: Record<string, () => string> = {
    "commit sha": () => `commit ${d(HEX, 40)}\nAuthor: Manu <manu@example.com>`,
    "short sha": () => `${d(HEX, 8)}..${d(HEX, 8)} main -> origin/main`,
    uuid: () => `{"id":"${uuid()}","parent":"${uuid()}"}`,
    sha256: () => `sha256:${d(HEX, 64)}  dist/app-${d(HEX, 8)}.js`,
    md5: () => `${d(HEX, 32)}  file-${word()}.txt`,
    etag: () => `ETag: W/"${d(B62, 27)}"`,
    path: () =>
      `/home/manu/shop/node_modules/.pnpm/${word()}@${d("123456789", 1)}.2.3_${d(HEX, 32)}/node_modules/${word()}/lib/${word()}${Word()}.js`,
    "source path": () =>
      `src/${word()}/${word()}/${Word()}${Word()}${Word()}Controller.test.tsx:${d("123456789", 2)}:${d("123456789", 1)}`,
    minified: () =>
      `function ${short()}(e,t){var n=e.${word()},r=t.${word()}Key;return n.token=r.token||e[${d("123456789", 1)}],{password:n.password,key:"${word()}.${word()}",type:"${word()}"}}`,
    "minified names": () =>
      `!function(){const ${short()}=${short()}(${d("123456789", 4)}),${short()}="${word()}${Word()}${Word()}${d("123456789", 1)}";${short()}.exports=${short()}}();`,
    "base64 image": () => `data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA${d(B64, 800)}==`,
    "base64 block": () =>
      `${Array.from({ length: 8 }, () => d(B64, 76)).join("\n")}\n${d(B64, 38)}==`,
    "lock file npm": () =>
      `"node_modules/${word()}": {\n  "version": "1.2.3",\n  "resolved": "https://packages.example.com/${word()}/-/${word()}-1.2.3.tgz",\n  "integrity": "sha512-${d(B64, 86)}=="\n}`,
    "lock file yarn": () =>
      `"${word()}@npm:^1.0.0":\n  version: 1.0.4\n  checksum: 10c0/${d(HEX, 128)}`,
    "lock file bun": () => `"${word()}": ["${word()}@1.0.0", "", {}, "sha512-${d(B64, 86)}=="],`,
    "lock file go": () => `github.com/${word()}/${word()} v1.2.3 h1:${d(B64, 43)}=`,
    "lock file cargo": () => `name = "${word()}"\nchecksum = "${d(HEX, 64)}"`,
    "public key ssh": () => `ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ${d(B64, 360)}= manu@laptop`,
    "public key ed25519": () => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${d(B64, 43)} manu@laptop`,
    "public key pem": () =>
      `-----BEGIN PUBLIC KEY-----\n${Array.from({ length: 6 }, () => d(B64, 64)).join("\n")}\n${d(B64, 24)}\n-----END PUBLIC KEY-----`,
    certificate: () =>
      `-----BEGIN CERTIFICATE-----\n${Array.from({ length: 12 }, () => d(B64, 64)).join("\n")}\n${d(B64, 40)}\n-----END CERTIFICATE-----`,
    fingerprint: () => `ED25519 key fingerprint is SHA256:${d(B64, 43)}.`,
    "tool id": () => `{"tool_use_id":"toolu_01${d(B62, 22)}","requestId":"req_011${d(B62, 21)}"}`,
    "message id": () => `msg_01${d(B62, 22)} -> call_${d(B62, 24)}`,
    "class names": () => `class="${word()}_${word()}__${d(B62, 5)} ${word()}${Word()}"`,
    "types in code": () =>
      `interface ${Word()} { password: string; token?: string | null; apiKey: ApiKey; secret: Buffer }`,
    "code on tokens": () =>
      `const token = next.${word()}Token2(); if (password === other.password) { secretKey = config.${word()}Key; }`,
    "environment read": () =>
      `const key = process.env.${word().toUpperCase()}_API_KEY ?? ""; password=$DB_PASSWORD token: \${{ secrets.TOKEN }}`,
    "counts of tokens": () =>
      `inputTokens=${d("123456789", 5)} max_tokens: ${d("123456789", 4)} "output_tokens":${d("123456789", 3)} cache_read_input_tokens=81220`,
    "words on a page": () =>
      `<label>Password</label><input placeholder="Enter your password" name="password" type="password">`,
    prose: () =>
      `The ${word()} of the ${word()} is that a token is read before the password: see ${word()}${Word()} for why.`,
    "long names": () =>
      `${word()}${Word()}${Word()}${Word()}${Word()}V2Utf8To16Converter.create(${word()}${Word()}${Word()}${Word()}Impl)`,
    "url of a page": () =>
      `https://docs.example.com/${word()}/${d(B62, 11)}?v=${d(B62, 11)}#${word()}-${word()}`,
    "document id": () => `https://docs.google.com/document/d/${d(B62, 44)}/edit`,
    "source map": () =>
      `{"version":3,"mappings":"${Array.from({ length: 40 }, () => d(B62, 4)).join(",")};${d(B62, 5)}"}`,
    "names of packages": () =>
      `"dependencies": { "@${word()}/token": "^0.${d("123456789", 1)}.${d("123456789", 2)}" } // see README.md-${word()}-and-${word()}-networking`,
    digest: () => `FROM node:22@sha256:${d(HEX, 64)} AS build`,
    timestamps: () =>
      `2026-11-20T12:01:${d("012345", 2)}.123Z [info] items=${d("123456789", 13)} took ${d("123456789", 3)}ms`,
    table: () =>
      `| ${d("0123456789", 6)} | ${word()} | ${d("0123456789", 4)}.${d("0123456789", 2)} | ${Word()} |`,
  };
  const names = Object.keys(kinds);
  for (let n = 0; n < count; n++) {
    const kind = names[n % names.length] ?? "prose";
    yield { kind, text: kinds[kind]?.() ?? "" };
  }
}
