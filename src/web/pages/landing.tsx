/** @jsxImportSource preact */
/** `/`: one sentence, one command, three proofs. Whole without a script. */
import { Command } from "../parts/command.tsx";
import { Star } from "../parts/icon.tsx";
import { document, type Frame } from "./shell.tsx";

export interface LandingPage extends Frame {
  /** The command that records a first session against this server. */
  command: string;
  signedIn: boolean;
  /** The server's address, as people use it. */
  url?: string;
}

const SENTENCE =
  "Polaris records your coding-agent sessions, streams them live, and lets teammates advise one while it runs.";

const PROOFS = [
  [
    "Nothing lost",
    "On disk first, sent second: a crash of recorder, server or database loses no event.",
  ],
  ["Advice with a receipt", "Queued, delivered, seen, answered: you know where your words are."],
  ["Your own box", "One executable with its database inside, on a machine that you choose."],
];

export function landingPage({ command, signedIn, url, ...frame }: LandingPage): string {
  return document({
    ...frame,
    title: "Polaris: coding-agent sessions, recorded and live",
    description: SENTENCE,
    ...(url ? { canonical: `${url}/`, structured: about(url) } : {}),
    body: (
      <main class="landing">
        <p class="brand">
          <Star /> Polaris
        </p>
        <h1>{SENTENCE}</h1>
        <Command text={command} />
        <p>
          <a class="button button-main" href={signedIn ? "/app" : "/sign-in"}>
            {signedIn ? "Open the dashboard" : "Sign in"}
          </a>
        </p>
        <ul class="proofs">
          {PROOFS.map(([name, why]) => (
            <li key={name}>
              <h2>{name}</h2>
              <p>{why}</p>
            </li>
          ))}
        </ul>
      </main>
    ),
  });
}

const about = (url: string) => ({
  "@context": "https://schema.org",
  "@type": "SoftwareApplication",
  name: "Polaris",
  description: SENTENCE,
  url,
  applicationCategory: "DeveloperApplication",
  operatingSystem: "Linux, macOS",
  license: "https://www.apache.org/licenses/LICENSE-2.0",
  offers: { "@type": "Offer", price: "0", priceCurrency: "USD" },
});
