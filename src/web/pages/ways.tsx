/** @jsxImportSource preact */
/** How people come in: which providers the server has, and what its operator sets for those it has not. To read only. */
import { CopyButton } from "../parts/command.tsx";

export interface Ways {
  providers: {
    name: string;
    /** null: not set up. */
    issuer: string | null;
    /** What is entered at the provider. */
    callback: string;
    /** The environment's variables. */
    names: readonly string[];
  }[];
  signUp: "invited" | "open" | "domains";
  /** Invitations are mailed. */
  mails: boolean;
}

const SIGN_UP: Record<Ways["signUp"], string> = {
  invited: "Nobody comes in unasked: an invitation or one of your domains lets people in.",
  open: "Whoever signs in may make an organisation of their own.",
  domains: "Whoever has an address of the server's domains may make an organisation of their own.",
};

export function WaysIn({ ways: { providers, signUp, mails } }: { ways: Ways }) {
  const isAlone = providers.every(({ issuer }) => issuer === null);
  return (
    <section aria-labelledby="ways">
      <h2 id="ways">Signing in</h2>
      <p class="dim">Whoever runs the server sets this, in its environment.</p>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Way</th>
            <th scope="col">State</th>
            <th scope="col">How</th>
          </tr>
        </thead>
        <tbody>
          {providers.map(({ name, issuer, callback, names }) => (
            <tr key={callback}>
              <th scope="row">{name}</th>
              <td>{issuer ? "in use" : "not set up"}</td>
              <td class="wrap">
                {issuer ? (
                  <span class="dim">{issuer}</span>
                ) : (
                  names.map((each) => <code key={each}>{each} </code>)
                )}
                <div class="dim second">
                  its redirect address: <code>{callback}</code>{" "}
                  <CopyButton text={callback} what={`redirect address of ${name}`} />
                </div>
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">One-time links</th>
            <td>in use</td>
            <td class="dim wrap">
              {isAlone ? "invitations above, and " : "for the owner: "}
              <code>polaris serve --claim</code>
            </td>
          </tr>
        </tbody>
      </table>
      <p>
        {SIGN_UP[signUp]} <code class="dim">POLARIS_SIGN_UP</code>
      </p>
      <p>
        {mails ? "Invitations are mailed as well." : "Invitations are links to copy, not mailed."}{" "}
        <code class="dim">SMTP_URL</code> <code class="dim">SMTP_FROM</code>
      </p>
    </section>
  );
}
